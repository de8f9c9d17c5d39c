/** A real server on a real port, and a page that speaks to it by real sockets. */
import { mkdtempSync, rmSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { WebSocket } from "ws";
import { encodeEnd, encodeStart, encodeStep, type RecordedStep } from "../../src/datasets/index.ts";
import { type ClientMessage, type ServerMessage, toBase64 } from "../../src/protocol/index.ts";
import { type StudioOptions, type StudioServer, startStudio } from "../../src/server/index.ts";
import { findTask } from "../../src/tasks/index.ts";
import { idleJobs } from "./idle-jobs.ts";

/** New folders under one that is removed after the tests of the file, when the servers that were opened are closed. */
export function temporaryFolders(): () => string {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-server-"));
  afterAll(async () => {
    await closeStudios();
    rmSync(folder, { recursive: true, force: true });
  });
  let count = 0;
  return () => join(folder, `data-${count++}`);
}

const running: StudioServer[] = [];

/** A server on a free port of loopback, closed with the folders of the file's tests; whoever closes it before is welcome. */
export async function openStudio(options: Partial<StudioOptions> & { data: string }): Promise<StudioServer> {
  const server = await startStudio({
    host: "127.0.0.1",
    port: 0,
    certificate: null,
    firstPolicy: false,
    makeJobs: idleJobs(),
    ...options,
  });
  running.push(server);
  return server;
}

export const closeStudios = async (): Promise<void> => {
  await Promise.all(running.splice(0).map((server) => server.close()));
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

/** Asks as it is written: no address is tidied, no redirect followed. */
export function ask(
  base: string,
  path: string,
  { headers = {}, method = "GET" }: { headers?: Record<string, string>; method?: string } = {},
): Promise<Answer> {
  const { protocol, hostname, port } = new URL(base);
  const send = protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(
      {
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port,
        path,
        method,
        headers: { Connection: "close", ...headers },
        rejectUnauthorized: false,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(parts);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() });
        });
      },
    );
    request.on("error", reject);
    request.end();
  });
}

/** The cookie that the server's address is exchanged for. */
export async function cookieOf(address: string): Promise<string> {
  const { pathname, search } = new URL(address);
  const { headers } = await ask(address, pathname + search);
  const [cookie] = headers["set-cookie"] as string[];
  return cookie.split(";")[0];
}

/** Asks as a browser does that the server knows. */
export async function visitorOf(address: string): Promise<(path: string) => Promise<Answer>> {
  const headers = { Cookie: await cookieOf(address) };
  return (path) => ask(address, path, { headers });
}

export interface TestPage {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[];
  say(message: ClientMessage): void;
  sayText(text: string | Buffer): void;
  /** The first message from number `from` on that is such; waits for it. Rejects where the socket closes before. */
  next<M extends ServerMessage>(is: (message: ServerMessage) => message is M, from?: number): Promise<M>;
  /** Says a message about an episode, and waits for the answer. */
  answer(message: ClientMessage): Promise<Extract<ServerMessage, { kind: "held" | "refused" }>>;
  /** The code with which the socket was closed. */
  readonly closed: Promise<number>;
  close(): void;
}

/** Connects as the studio's own page does. Rejects where the server refuses, with its status. */
export async function openPage(
  address: string,
  {
    operator = "Ada",
    headers = {},
    cookie,
  }: { operator?: string | null; headers?: Record<string, string>; cookie?: string } = {},
): Promise<TestPage> {
  const { origin, host, protocol } = new URL(address);
  const socket = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}/ws`, {
    headers: { Origin: origin, Cookie: cookie ?? (await cookieOf(address)), ...headers },
    rejectUnauthorized: false,
    perMessageDeflate: false,
  });
  const heard: ServerMessage[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => socket.once("close", (code) => resolve(code)));
  socket.on("message", (data) => {
    heard.push(JSON.parse(String(data)));
    for (const wake of waiting) wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_, response) => {
      reject(new Error(`status ${response.statusCode}`));
      socket.terminate();
    });
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  const page: TestPage = {
    socket,
    heard,
    closed,
    say: (message) => socket.send(JSON.stringify(message)),
    sayText: (text) => socket.send(text),
    next: (is, from = 0) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = heard.slice(from).find(is);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        closed.then((code) => reject(new Error(`the socket was closed (${code})`)));
        look();
      }),
    answer(message) {
      const from = heard.length;
      page.say(message);
      return page.next((one) => one.kind === "held" || one.kind === "refused", from);
    },
    close: () => socket.close(),
  };
  if (operator !== null) {
    page.say({ kind: "hello", operator });
    await page.next((one) => one.kind === "welcome");
  }
  return page;
}

const task = findTask("push-t");
export const { spec } = task.makeEnvironment();

/** Records of an episode of Push-T whose every number tells episode and step, as a page logs them. */
export function episodeRecords(
  seed: number,
  steps: number,
  more: (step: number) => Partial<RecordedStep> = () => ({}),
) {
  const wallTime = 1.76e9 + seed * 1000;
  const observation = (step: number) =>
    Object.fromEntries(
      Object.entries(spec.observation).map(([name, { names }]) => [
        name,
        Float32Array.from(names, (_, i) => seed + step / 100 + i),
      ]),
    );
  const records = Array.from({ length: steps }, (_, step) =>
    encodeStep({
      observation: observation(step),
      action: Float32Array.from(spec.action.names, (_, i) => step + i),
      proposed: step % 2 === 0 ? null : Float32Array.from(spec.action.names, () => seed),
      label: step % 3 === 0 ? Float32Array.from(spec.action.names, () => step) : null,
      controller: step % 5 < 2 ? "expert" : "policy",
      operator: "Ada",
      policyVersion: step % 5 < 2 ? null : "push-t-1",
      chunkPlace: step % 4,
      gate: step % 4 === 0 ? { stac: step / 7 } : {},
      reward: step / 3,
      terminated: step === steps - 1,
      truncated: false,
      time: step / 10,
      wallTime: wallTime + step / 10,
      ...more(step),
    }),
  );
  return {
    start: toBase64(encodeStart({ task: spec.name, seed, actors: ["Ada"], info: { success: false }, wallTime })),
    steps: records.map(toBase64),
    end: toBase64(encodeEnd({ steps, info: { success: true }, wallTime: wallTime + steps / 10 })),
  };
}

/** The messages that record it, so many steps in each. */
export function messagesOf(episode: string, { start, steps, end }: ReturnType<typeof episodeRecords>, batch = 3) {
  const place = { task: spec.name, episode };
  const batches = Array.from({ length: Math.ceil(steps.length / batch) }, (_, i) => ({
    kind: "steps" as const,
    ...place,
    from: i * batch,
    steps: steps.slice(i * batch, (i + 1) * batch),
  }));
  return [
    { kind: "episode" as const, ...place, start },
    ...batches,
    { kind: "end" as const, ...place, steps: steps.length, end },
  ];
}
