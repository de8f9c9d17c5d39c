/** Pages that flood, send garbage, or fall silent: disconnected, and nobody else notices. */
import { connect } from "node:net";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { openStore } from "../../src/datasets/node.ts";
import { CLIENT_LIMITS } from "../../src/protocol/index.ts";
import {
  cookieOf,
  episodeRecords,
  messagesOf,
  openPage,
  openStudio,
  spec,
  type TestPage,
  temporaryFolders,
} from "./fixture.ts";

const newFolder = temporaryFolders();

let address = "";
let data = "";
let count = 0;
beforeEach(async () => {
  data = newFolder();
  const server = await openStudio({ data, limits: { burst: 300, rate: 50, heartbeat: 300, pages: 6 } });
  [address] = server.addresses;
});

/** Records an episode to its end while `disturb` goes on, and looks at every number of it. */
async function recordsAll(disturb: () => Promise<unknown>): Promise<void> {
  const page = await openPage(address);
  const id = `calm-${count++}`;
  const messages = messagesOf(id, episodeRecords(7, 40), 2);
  const disturbing = disturb();
  for (const message of messages) expect(await page.answer(message)).toMatchObject({ kind: "held" });
  await disturbing;
  expect(page.socket.readyState).toBe(page.socket.OPEN);
  const stored = await (await openStore(join(data, "push-t", "dataset"))).readEpisode(id);
  expect(stored.steps.map(({ action }) => action[0])).toEqual(Array.from({ length: 40 }, (_, step) => step));
  expect(stored.endInfo).toEqual({ success: true });
  page.close();
}

const place = { task: spec.name, episode: "bad" };
const { start, steps } = episodeRecords(1, 3);

it.each<[string, string | Buffer, number]>([
  ["no JSON", "{", 1008],
  ["an empty message", "", 1008],
  ["no object", "[]", 1008],
  ["null", "null", 1008],
  ["an unknown kind", '{"kind":"shell","command":"ls"}', 1008],
  ["a field too many", '{"kind":"hello","operator":"Ada","admin":true}', 1008],
  [
    "an id that leads elsewhere",
    JSON.stringify({ kind: "episode", ...place, episode: "../../access-token", start }),
    1008,
  ],
  ["an id with a slash", JSON.stringify({ kind: "episode", ...place, episode: "a/b", start }), 1008],
  ["a hidden id", JSON.stringify({ kind: "episode", ...place, episode: ".hidden", start }), 1008],
  ["no base64", JSON.stringify({ kind: "episode", ...place, start: "%%%" }), 1008],
  ["a step before the first", JSON.stringify({ kind: "steps", ...place, from: -1, steps }), 1008],
  ["too many steps", JSON.stringify({ kind: "steps", ...place, from: 0, steps: new Array(257).fill("AA==") }), 1008],
  ["a deep nest", "[".repeat(100_000), 1008],
  ["bytes", Buffer.from('{"kind":"hello","operator":"Ada"}'), 1003],
  ["too long a text", JSON.stringify({ kind: "hello", operator: "x".repeat(CLIENT_LIMITS.bytes) }), 1009],
])("%s is refused, then disconnected", async (_, text, code) => {
  await recordsAll(async () => {
    const page = await openPage(address);
    page.sayText(text);
    expect(await page.closed).toBe(code);
    // A message that is too long is not read at all.
    if (code !== 1009) expect(page.heard.at(-1)).toMatchObject({ kind: "refused", of: "message" });
  });
});

it.each<[string, object, RegExp]>([
  ["another task", { kind: "episode", ...place, task: "cart-pole", start }, /task: found "cart-pole"/],
  ["a task that is a folder", { kind: "episode", ...place, task: "../push-t", start }, /task: found/],
  [
    "a record of another task",
    { kind: "episode", ...place, task: "driving", start },
    /task: found "push-t", expected "driving"/,
  ],
  ["a start that is none", { kind: "episode", ...place, start: "////" }, /start: /],
  ["steps of nothing", { kind: "steps", ...place, episode: "unknown", from: 0, steps }, /not begun/],
  ["steps of what was not begun", { kind: "steps", ...place, from: 5, steps }, /expected step 0|not begun/],
])("%s is refused, and the page stays", async (_, message, reason) => {
  const page = await openPage(address);
  page.sayText(JSON.stringify(message));
  const refused = await page.next((one) => one.kind === "refused");
  expect(refused).toMatchObject({ task: (message as typeof place).task, episode: (message as typeof place).episode });
  expect(refused.kind === "refused" && refused.reason).toMatch(reason);
  expect(await page.answer({ kind: "episode", ...place, episode: "fine", start })).toMatchObject({ kind: "held" });
});

it("a flood is disconnected while another page records", { timeout: 120_000 }, async () => {
  await recordsAll(async () => {
    const flooders: TestPage[] = [];
    for (let i = 0; i < 3; i++) flooders.push(await openPage(address));
    for (const page of flooders) {
      for (let i = 0; i < 5000; i++) page.say({ kind: "hello", operator: "Flood" });
    }
    for (const page of flooders) expect([1006, 1008]).toContain(await page.closed);
  });
});

it("frames that are none are disconnected", async () => {
  await recordsAll(async () => {
    const page = await openPage(address);
    const raw = (page.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    raw.write(Buffer.alloc(2000, 0xff));
    expect([1002, 1006]).toContain(await page.closed);
  });
});

it("a page that answers no ping is disconnected", async () => {
  const [host, port] = new URL(address).host.split(":");
  const cookie = await cookieOf(address);
  const ended = new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port: Number(port) }, () => {
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${host}:${port}\r\nOrigin: http://${host}:${port}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
    });
    let heard = "";
    socket.on("data", (bytes) => {
      heard += String(bytes);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      expect(heard).toContain("101 Switching Protocols");
      resolve();
    });
  });
  // One that does is not, for many pings.
  const page = await openPage(address);
  await ended;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(page.socket.readyState).toBe(page.socket.OPEN);
});

it("more pages than there may be are turned away", async () => {
  const pages: TestPage[] = [];
  for (let i = 0; i < 6; i++) pages.push(await openPage(address));
  const more = await openPage(address, { operator: null });
  expect(await more.closed).toBe(1013);
  pages[0].close();
  await pages[0].closed;
  await expect.poll(async () => (await openPage(address, { operator: null })).socket.readyState).toBe(1);
  for (const page of pages.slice(1)) expect(page.socket.readyState).toBe(page.socket.OPEN);
});
