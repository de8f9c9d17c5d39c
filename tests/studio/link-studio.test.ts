/** The link against the studio's real server, by real sockets: killed -9 and started again, and a page that went in between. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { decodeStep } from "../../src/browser.ts";
import { openStore } from "../../src/datasets/node.ts";
import { afterTimeout, type Outside, type Socket } from "../../studio/src/link/connection.ts";
import { type Link, openLink } from "../../studio/src/link/upload.ts";
import { openJournal } from "../../studio/src/log/journal.ts";
import { cookieOf } from "../server/fixture.ts";
import { memoryFolder, memoryLocks } from "./log-files.ts";
import { recorded } from "./recorded.ts";

const CHILD = fileURLToPath(new URL("../server/server-child.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "apprentice-link-"));
const children: ChildProcess[] = [];
const links: Link[] = [];
afterAll(() => {
  for (const link of links) link.close();
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function startServer(data: string, port: number) {
  const child = spawn(process.execPath, ["--import", "tsx", CHILD, data, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (text) => resolve(String(text).trim()));
    child.once("exit", (code) => reject(new Error(`the server ended (${code})`)));
  });
  return { child, address };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

/** The server as a page of its own origin reaches it. */
const outside = (address: string, cookie: string): Outside => ({
  async probe() {
    return "server";
  },
  open() {
    const { host, origin } = new URL(address);
    const socket = new WebSocket(`ws://${host}/ws`, { headers: { Origin: origin, Cookie: cookie } });
    // `close` follows.
    socket.on("error", () => {});
    return socket as unknown as Socket;
  },
  after: afterTimeout,
  random: Math.random,
});

const until = async (there: () => boolean) => {
  const limit = Date.now() + 90_000;
  while (!there()) {
    if (Date.now() > limit) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

it("brings everything to the store, whole and once, through kills of the server and of the page", async () => {
  const data = join(folder, "data");
  const first = await recorded("driving", { seed: 3, length: 400, id: "20261126T061530-ada-000001" });
  const second = await recorded("driving", { seed: 4, length: 30, id: "20261126T061600-ada-000002" });
  let starting = startServer(data, 0);
  const { address } = await starting;
  const port = Number(new URL(address).port);
  const cookie = await cookieOf(address);
  const shared = { folder: memoryFolder(), locks: memoryLocks() };
  const problems: string[] = [];
  const page = async (tab: string) => {
    const journal = await openJournal({ ...shared, tab });
    await journal.reserve(2);
    const problem = (text: string) => void problems.push(text);
    const link = openLink(journal, outside(address, cookie), problem, { operator: "ada" });
    links.push(link);
    return { journal, link };
  };

  const before = await page("a");
  await until(() => before.link.server === "connected");
  const log = before.journal.begin(first.id, first.start);
  for (const [number, step] of first.steps.entries()) {
    log.append(step);
    before.link.logged();
    if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    if (number === 150 || number === 290) {
      await until(() => before.link.counts().unsent < number);
      await kill((await starting).child);
      starting = startServer(data, port);
    }
  }
  log.finish(first.end);
  log.annotate({ kind: "success", episode: first.id, success: true });
  before.link.logged();
  await until(() => log.acknowledged === 1);
  expect(before.link.counts()).toEqual({ logged: first.steps.length, unsent: 0 });

  // The second one is recorded while nobody is there, and then the page goes, in the midst of it.
  await kill((await starting).child);
  const cut = before.journal.begin(second.id, second.start);
  for (const step of second.steps) cut.append(step);
  before.link.logged();
  before.link.close();
  shared.folder.kill();
  shared.locks.kill();
  starting = startServer(data, port);
  const after = await page("b");
  await until(() => after.journal.logs.length === 0 && shared.folder.files.size === 2);
  await kill((await starting).child);
  expect(problems).toEqual([]);

  const store = await openStore(join(data, "driving", "dataset"));
  const [one, two] = [await store.readEpisode(first.id), await store.readEpisode(second.id)];
  expect(one.steps).toEqual(first.steps.map(decodeStep));
  expect([one.success, one.endInfo?.success]).toEqual([true, false]);
  expect(two.steps).toEqual(second.steps.map(decodeStep));
  expect(two.endInfo).toBe(null);
}, 240_000);
