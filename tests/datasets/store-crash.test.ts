import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { createStore, openStore, readStore } from "../../src/datasets/node.ts";
import { outputUntilKilled } from "../kill.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";

const newPath = temporaryPaths();
const CHILD = fileURLToPath(new URL("./store-crash-child.ts", import.meta.url));
const KILLS = 8;

/** What the child said of an episode: the steps that `append` had taken, and whether it was finished. */
type Reported = Map<string, { steps: number; finished: boolean }>;

/** Lets the child record until `milliseconds` after its first step, then kills it -9. */
async function recordUntilKilled(path: string, milliseconds: number): Promise<Reported> {
  const output = await outputUntilKilled(CHILD, path, milliseconds);
  const reported: Reported = new Map();
  // What stands after the last newline is a report that the kill cut off.
  for (const line of output.split("\n").slice(0, -1)) {
    const [id, what] = line.split(" ");
    const before = reported.get(id)?.steps ?? 0;
    reported.set(
      id,
      what === "finished" ? { steps: before, finished: true } : { steps: Number(what), finished: false },
    );
  }
  return reported;
}

it("every step that was appended is read after the recording process is killed at any moment", {
  timeout: 120_000,
}, async () => {
  const path = newPath();
  await createStore(path, { spec });
  const random = randomStream(randomKey(21));
  const tally = { steps: 0, interrupted: 0, torn: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    const reported = await recordUntilKilled(path, random.uniform() * 40);
    const store = await openStore(path);
    for (const [id, { steps, finished }] of reported) {
      const episode = await store.readEpisode(id);
      // The child reports after `append`: what it reported is there, and at most one step or the end more.
      expect(episode.steps.length - steps, id).toBeGreaterThanOrEqual(0);
      expect(episode.steps.length - steps, id).toBeLessThanOrEqual(finished ? 0 : 1);
      if (finished) expect(episode.endInfo, id).toEqual({ success: episode.seed % 2 === 0 });
      episode.steps.forEach((step, i) => {
        const label = i % 3 === 0 ? Float32Array.of(i, 0, 0) : null;
        expect(step).toMatchObject({ ...plainStep(episode.seed, i), truncated: i === 39, label });
      });
      tally.steps += steps;
      if (!episode.endInfo) tally.interrupted++;
      if (episode.droppedBytes > 0) tally.torn++;
    }
  }
  // All of it trains: the episodes of every child, each with its steps.
  const { episodeEnds } = await readStore(path);
  expect(episodeEnds.at(-1)).toBeGreaterThanOrEqual(tally.steps);
  expect(tally.interrupted).toBeGreaterThan(0);
  console.log(
    `killed ${KILLS} times: all of ${tally.steps} steps read, ${tally.interrupted} episodes interrupted, ${tally.torn} with a torn record`,
  );
});
