/** Servers that are killed -9 in the middle of uploads. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { openStore } from "../../src/datasets/node.ts";
import type { ClientMessage } from "../../src/protocol/index.ts";
import { episodeRecords, messagesOf, openPage, openStudio, type TestPage, temporaryFolders } from "./fixture.ts";

const newFolder = temporaryFolders();
const CHILD = fileURLToPath(new URL("./server-child.ts", import.meta.url));
const KILLS = 4;
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts a server process on `port` (0: any), and waits until it listens. */
async function startServer(data: string, port: number): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", CHILD, data, String(port)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (text) => resolve(String(text).trim()));
    child.once("exit", (code) => reject(new Error(`the server ended (${code}): ${errors}`)));
  });
  return { child, address };
}

const gone = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => (child.signalCode === null ? child.once("exit", () => resolve()) : resolve()));

const EPISODES = ["first", "second", "third"];
const STEPS = 400;

/** Where a page stands with an episode: what the server said that it holds. */
interface Standing {
  held: number;
  ended: boolean;
}

/** Goes on with an episode as a page does after a cut: asks what is held, and sends the rest. Throws where the socket closes. */
async function goOn(page: TestPage, id: string, seed: number, standing: Standing): Promise<void> {
  const { start, steps, end } = episodeRecords(seed, STEPS);
  const place = { task: "push-t", episode: id };
  const say = async (message: ClientMessage) => {
    const answer = await page.answer(message);
    if (answer.kind === "refused") throw new Error(answer.reason);
    return answer;
  };
  const asked = await say({ kind: "episode", ...place, start });
  // What was acknowledged before the kill is there after it.
  expect(asked.steps, id).toBeGreaterThanOrEqual(standing.held);
  if (standing.ended) expect(asked).toMatchObject({ ended: true });
  Object.assign(standing, { held: asked.steps, ended: asked.ended });
  while (standing.held < STEPS) {
    const answer = await say({
      kind: "steps",
      ...place,
      from: standing.held,
      steps: steps.slice(standing.held, standing.held + 2),
    });
    standing.held = answer.steps;
  }
  if (!standing.ended) standing.ended = (await say({ kind: "end", ...place, steps: STEPS, end })).ended;
}

it(`goes on after ${KILLS} kills, to the files of an untroubled recording`, { timeout: 240_000 }, async () => {
  const data = newFolder();
  const random = randomStream(randomKey(11));
  const standings = EPISODES.map((): Standing => ({ held: 0, ended: false }));
  let [port, interrupted] = [0, 0];
  for (let kill = 0; kill <= KILLS; kill++) {
    const { child, address } = await startServer(data, port);
    port = Number(new URL(address).port);
    const page = await openPage(address);
    // One episode after another, as far as it gets; the last server is let live.
    const timer = kill < KILLS ? setTimeout(() => child.kill("SIGKILL"), 5 + random.uniform() * 120) : undefined;
    try {
      for (const [i, id] of EPISODES.entries()) await goOn(page, id, i + 1, standings[i]);
    } catch (error) {
      expect(String(error)).toContain("the socket was closed");
      interrupted++;
    }
    if (timer) await gone(child);
    else child.kill("SIGKILL");
    await gone(child);
    page.close();
  }
  expect(standings).toEqual(EPISODES.map(() => ({ held: STEPS, ended: true })));
  expect(interrupted).toBeGreaterThan(0);

  const calm = newFolder();
  const server = await openStudio({ data: calm });
  const page = await openPage(server.addresses[0]);
  for (const [i, id] of EPISODES.entries()) {
    for (const message of messagesOf(id, episodeRecords(i + 1, STEPS), 50)) await page.answer(message);
    const [found, expected] = [data, calm].map((folder) =>
      readFileSync(join(folder, "push-t/dataset/episodes", `${id}.mcap`)),
    );
    expect(found.equals(expected), id).toBe(true);
  }
  const store = await openStore(join(data, "push-t", "dataset"));
  expect(store.episodeIds()).toEqual(EPISODES);
  console.log(`killed ${KILLS} times, ${interrupted} of them in the middle of an upload`);
});

it("lets one server at a time have a data folder, and a dead one's folder to the next", {
  timeout: 60_000,
}, async () => {
  const data = newFolder();
  const { child } = await startServer(data, 0);
  await expect(openStudio({ data })).rejects.toThrow(/another studio serves this folder \(process \d+, port \d+\)/);
  child.kill("SIGKILL");
  await gone(child);
  const next = await openStudio({ data });
  await next.close();
});
