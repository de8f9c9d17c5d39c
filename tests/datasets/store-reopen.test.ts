/** Interrupted recordings that are gone on with. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createStore, type EpisodeRecording, type Store } from "../../src/datasets/node.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";
import { refusal } from "./store-refusal.ts";

const newPath = temporaryPaths();
const STEPS = 12;
const start = { seed: 3, actors: ["ada"], info: { success: false, forkedFrom: "früher", forkStep: 7 } };
const clock = () => 1.7e9;

const fileOf = (store: Store, id: string) => join(store.path, "episodes", `${id}.mcap`);

async function append(recording: EpisodeRecording, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    const label = step % 3 === 0 ? Float32Array.of(step, 0, 0) : null;
    await recording.append(plainStep(start.seed, step, { truncated: step === STEPS - 1, label }));
  }
}

/** The bytes of the recording when it is not interrupted, finished and not. */
async function whole(): Promise<{ open: Buffer; finished: Buffer }> {
  const store = await createStore(newPath(), { spec });
  const recording = await store.startEpisode({ ...start, id: "a", clock });
  await append(recording, 0, STEPS);
  const open = readFileSync(recording.file);
  await recording.finish({ success: true });
  return { open, finished: readFileSync(recording.file) };
}

it("ends in the same file, byte for byte, wherever it was cut off and however often", {
  timeout: 120_000,
}, async () => {
  const { open, finished } = await whole();
  const store = await createStore(newPath(), { spec });
  const file = fileOf(store, "a");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ cut: fc.nat(open.length), zeros: fc.nat(40), more: fc.nat(3) }), {
        minLength: 1,
        maxLength: 3,
      }),
      async (interruptions) => {
        writeFileSync(file, "");
        let recording: EpisodeRecording | undefined;
        for (const { cut, zeros, more } of interruptions) {
          await recording?.abandon();
          // What a lost machine leaves: the beginning of the file, and zeros after it where it was longer.
          const held = recording ? readFileSync(file) : open;
          writeFileSync(file, Buffer.concat([held.subarray(0, cut), Buffer.alloc(zeros)]));
          recording = await store.reopenEpisode({ ...start, id: "a", clock });
          expect(recording.length).toBeLessThanOrEqual(STEPS);
          await append(recording, recording.length, Math.min(STEPS, recording.length + more));
        }
        await append(recording!, recording!.length, STEPS);
        await recording!.finish({ success: true });
        expect(readFileSync(file).equals(finished)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
  expect(readdirSync(join(store.path, "episodes"))).toEqual(["a.mcap"]);
});

it("keeps every whole step that was in the file", async () => {
  const { open } = await whole();
  const store = await createStore(newPath(), { spec });
  const file = fileOf(store, "a");
  for (let cut = 0; cut <= open.length; cut += 97) {
    writeFileSync(file, open.subarray(0, cut));
    const before = cut < 4000 ? null : await store.readEpisode("a").catch(() => null);
    const recording = await store.reopenEpisode({ ...start, id: "a", clock });
    if (before) expect(recording.length).toBe(before.steps.length);
    await recording.abandon();
    if (before) expect((await store.readEpisode("a")).steps).toEqual(before.steps);
  }
});

it("finishes an episode whose last step was there already", async () => {
  const { open, finished } = await whole();
  const store = await createStore(newPath(), { spec });
  const file = fileOf(store, "a");
  writeFileSync(file, open);
  const recording = await store.reopenEpisode({ ...start, id: "a", clock });
  expect(await refusal(() => recording.append(plainStep(3, STEPS)))).toContain("step after the end of the episode");
  await recording.finish({ success: true });
  expect(readFileSync(file).equals(finished)).toBe(true);
});

it("refuses what has ended, is not there, began otherwise or is damaged, and leaves it as it is", async () => {
  const { open, finished } = await whole();
  const store = await createStore(newPath(), { spec });
  const file = fileOf(store, "a");
  const again = { ...start, id: "a", clock };
  expect(await refusal(() => store.reopenEpisode(again))).toContain('there is no episode "a"');
  const damaged = Buffer.from(open);
  damaged[open.length >> 1] ^= 1;
  for (const [bytes, change, reason] of [
    [finished, {}, "the recording has ended, expected an interrupted one"],
    [open, { seed: 4 }, "start: found another seed, actors or info than in the file"],
    [open, { info: { ...start.info, forkStep: 8 } }, "start: found another seed, actors or info"],
    [damaged, {}, "is damaged"],
  ] as const) {
    writeFileSync(file, bytes);
    expect(await refusal(() => store.reopenEpisode({ ...again, ...change }))).toContain(reason);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  }
  // Nor does a file that is another's get lost.
  copyFileSync(file, fileOf(store, "b"));
  expect(store.episodeIds()).toEqual(["a", "b"]);
});
