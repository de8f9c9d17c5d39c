/** The server as a whole: what it is made of, and its beginning and end. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { InputError, isFull, unusable } from "../base/index.ts";
import { ADDRESSES, type ClientMessage, fromBase64 } from "../protocol/index.ts";
import { UNFINISHED } from "../runs/node.ts";
import { type Access, createAccess, machineNames, tokenOf } from "./access.ts";
import { type Certificate, givenCertificate, isLoopback, ownCertificate } from "./certificate.ts";
import { changeTeller } from "./changes.ts";
import { createDownloads } from "./downloads.ts";
import { httpAnswerer } from "./http.ts";
import { createJobs, type Jobs, type JobsOptions } from "./jobs/index.ts";
import { openLibrary } from "./library.ts";
import { takeFolder } from "./lock.ts";
import { pageFiles } from "./page.ts";
import { createRecordings, type Held, type Recordings } from "./recordings.ts";
import { createSockets, type Page, SOCKET_LIMITS, type SocketLimits, type Sockets } from "./sockets.ts";
import { STUDIO_TASKS } from "./tasks.ts";

export interface StudioOptions {
  /** The data folder; made where there is none. */
  readonly data: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** PEM files, "self-signed", or null for none. */
  readonly certificate: { readonly cert: string; readonly key: string } | "self-signed" | null;
  /** Whether tasks without data get a policy from scripted demonstrations. */
  readonly firstPolicy: boolean;
  /** Folder of the built page; that of this program where left out. */
  readonly page?: string;
  readonly limits?: Partial<SocketLimits>;
  /** ms for a request to arrive whole. */
  readonly patience?: number;
  /** ms after which the file of an episode to which nothing is added is closed. */
  readonly idle?: number;
  readonly makeJobs?: (options: JobsOptions) => Jobs;
  /** Faults of the server's own: it goes on. */
  readonly onFault?: (error: unknown) => void;
}

export interface StudioServer {
  readonly port: number;
  /** Whole, with the token: the first is the one to open here. */
  readonly addresses: readonly string[];
  readonly data: string;
  /** Ends recordings as they are, jobs and connections; waits until all of it has ended. */
  close(): Promise<void>;
}

/** Throws InputError for a host that others reach without TLS, a port that is taken, and what the file system refuses. */
export async function startStudio(options: StudioOptions): Promise<StudioServer> {
  const { data, host, port, onFault = () => {} } = options;
  if (port > 65535) throw new InputError(`--port: found ${port}, expected a port from 0 to 65535`);
  const local = await isLoopback(host);
  if (!local && options.certificate === null) {
    throw new InputError(
      `--host ${host}: other machines reach it, expected TLS: --self-signed, or --cert FILE --key FILE`,
    );
  }
  const token = tokenOf(data);
  const names = local ? [] : [...machineNames(), host.toLowerCase()];
  const certificate = await certificateFor(options, names);
  const http = makeHttp(certificate, options.patience ?? 15_000);
  const boundPort = await listen(http, { host, port });
  const scheme = certificate ? "https" : "http";
  let leave: () => void;
  try {
    leave = await takeFolder(data, { host, port: boundPort });
  } catch (error) {
    http.close();
    throw error;
  }
  sweep(data);

  const access = createAccess({ token, port: boundPort, secure: certificate !== null, names: () => names });
  const library = openLibrary(data);
  const downloads = createDownloads();
  const changes = changeTeller((task) => sockets.tell({ kind: "changed", task }));
  const recordings = createRecordings({ library, onChange: changes.note, idle: options.idle });
  const jobs = (options.makeJobs ?? createJobs)({
    data,
    onJob: (job) => sockets.tell({ kind: "job", job }),
    onPolicy: (policy) => sockets.tell({ kind: "policy", policy }),
  });
  const version = programVersion();
  const parts: Parts = { version, library, recordings, jobs, changed: (task) => changes.note(task, "episodes") };
  const sockets = createSockets({
    limits: { ...SOCKET_LIMITS, ...options.limits },
    heed: (page, message) => heed(parts, page, message),
    onFault,
  });
  const startFirst = (task: string) => {
    if (options.firstPolicy) jobs.startFirst(task);
  };
  const page = pageFiles(options.page ?? builtPage());
  http.on("request", httpAnswerer({ version, access, page, library, downloads, jobs, onTask: startFirst, onFault }));
  http.on("upgrade", (request, socket, head) => upgrade(access, sockets, { request, socket, head }));
  startFirst(STUDIO_TASKS[0].name);

  return {
    port: boundPort,
    addresses: addressesOf({ host, local, names }).map((name) => `${scheme}://${name}:${boundPort}/?token=${token}`),
    data,
    async close() {
      changes.close();
      downloads.close();
      sockets.close();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      await Promise.all([recordings.close(), jobs.close()]);
      // Upgraded connections are the sockets' own to end; those of HTTP have had their answers.
      http.closeAllConnections();
      await closed;
      leave();
    },
  };
}

async function certificateFor(
  { data, certificate }: StudioOptions,
  names: readonly string[],
): Promise<Certificate | null> {
  if (certificate === null) return null;
  if (certificate !== "self-signed") return givenCertificate(certificate);
  return ownCertificate(data, ["localhost", "127.0.0.1", "::1", ...names.filter((name) => !ANY.includes(name))]);
}

/** Addresses that mean every one of this machine. */
const ANY: readonly string[] = ["0.0.0.0", "::", "[::]"];

/** In a form that stands in an address. */
function addressesOf({ host, local, names }: { host: string; local: boolean; names: readonly string[] }): string[] {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  if (local || !ANY.includes(host)) return [bracketed];
  const outside = names.filter(
    (name) => /^\d+\.\d+\.\d+\.\d+$/.test(name) && !name.startsWith("127.") && !ANY.includes(name),
  );
  return ["localhost", ...outside];
}

/** Who sends a request byte by byte does not keep a connection: after `patience`, in ms, it has come or is given up. */
function makeHttp(certificate: Certificate | null, patience: number): Server {
  const times = {
    headersTimeout: patience,
    requestTimeout: patience,
    connectionsCheckingInterval: Math.min(patience, 2000),
    keepAliveTimeout: 5000,
  };
  const http = certificate
    ? createSecureServer({ ...times, ...certificate, minVersion: "TLSv1.2", handshakeTimeout: patience })
    : createServer(times);
  http.maxConnections = 500;
  http.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    socket.destroy();
  });
  return http;
}

function listen(http: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "another program listens there" : error.code;
      reject(new InputError(`--host ${host} --port ${port}: cannot listen (${reason}), expected a free port`));
    });
    http.listen({ host, port }, () => resolve((http.address() as AddressInfo).port));
  });
}

/** What killed servers left half-made. */
function sweep(data: string): void {
  for (const { name } of STUDIO_TASKS) {
    const episodes = join(data, name, "dataset", "episodes");
    if (!existsSync(episodes)) continue;
    for (const file of readdirSync(episodes))
      if (file.startsWith(UNFINISHED)) rmSync(join(episodes, file), { force: true });
  }
}

function upgrade(
  access: Access,
  sockets: Sockets,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  socket.on("error", () => socket.destroy());
  const refuse = (status: string, line: string) =>
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${line}\n`,
      () => socket.destroy(),
    );
  const refused = access.refusal(request, "socket");
  if (refused !== null) return void refuse("403 Forbidden", refused);
  if (!access.isKnown(request)) return void refuse("401 Unauthorized", "the studio does not know this browser");
  if (request.url !== ADDRESSES.socket) return void refuse("404 Not Found", "there is no socket at this address");
  sockets.accept(request, socket, head);
}

interface Parts {
  readonly version: string;
  readonly library: ReturnType<typeof openLibrary>;
  readonly recordings: Recordings;
  readonly jobs: Jobs;
  readonly changed: (task: string) => void;
}

/** Does what a page says, and answers it. */
async function heed(
  { version, library, recordings, jobs, changed }: Parts,
  page: Page,
  message: ClientMessage,
): Promise<void> {
  const tell = (task: string, episode: string, held: Held) => page.say({ kind: "held", task, episode, ...held });
  try {
    switch (message.kind) {
      case "hello":
        page.operator = message.operator;
        page.say({ kind: "welcome", version });
        return;
      case "episode": {
        const { task, episode, start } = message;
        return tell(task, episode, await recordings.begin(task, episode, fromBase64(start)));
      }
      case "steps": {
        const { task, episode, from, steps } = message;
        return tell(task, episode, await recordings.add(task, episode, from, steps.map(fromBase64)));
      }
      case "end": {
        const { task, episode, steps, end } = message;
        return tell(task, episode, await recordings.end(task, episode, steps, fromBase64(end)));
      }
      case "annotate":
        if (await library.annotate(message.task, message.annotations, page.operator)) changed(message.task);
        return;
      case "train": {
        const { kind: _, ...request } = message;
        jobs.train(request);
        return;
      }
      case "stop":
        jobs.stop(message.job);
        return;
      default:
        message satisfies never;
    }
  } catch (error) {
    throw isFull(error) ? unusable(message.kind, "kept", error) : error;
  }
}

function programVersion(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/** Beside the built program; for the program's source, where the build puts it. */
function builtPage(): string {
  const beside = fileURLToPath(new URL("../studio", import.meta.url));
  return import.meta.url.endsWith(".ts") ? fileURLToPath(new URL("../../dist/studio", import.meta.url)) : beside;
}
