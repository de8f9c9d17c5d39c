import { readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { createStore, readStore, type Store } from "../../src/datasets/node.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";

const newPath = temporaryPaths();
const STEPS = 6;

/** An episode of six steps, once finished and once as a killed process leaves it; where its start and its steps end. */
let store: Store;
let startEnd = 0;
let [finished, interrupted] = [Buffer.alloc(0), Buffer.alloc(0)];
const ends: number[] = [];

beforeAll(async () => {
  store = await createStore(newPath(), { spec });
  for (const finish of [false, true]) {
    const start = { seed: 3, actors: ["a"], info: { success: false }, clock: () => 5 };
    const recording = await store.startEpisode({ ...start, id: finish ? "finished" : "interrupted" });
    startEnd = readFileSync(recording.file).length;
    for (let step = 0; step < STEPS; step++) {
      await recording.append(plainStep(3, step));
      if (finish) ends.push(readFileSync(recording.file).length);
    }
    if (finish) {
      await recording.finish({ success: true });
      finished = readFileSync(recording.file);
    } else {
      await recording.abandon();
      interrupted = readFileSync(recording.file);
    }
  }
  expect(interrupted.length).toBe(ends[STEPS - 1]);
});

/** The steps that are read where the file of the episode holds `bytes`, or the refusal. */
async function read(bytes: Uint8Array): Promise<{ steps: number; dropped: number } | string> {
  writeFileSync(`${store.path}/episodes/damaged.mcap`, bytes);
  try {
    const { steps, droppedBytes } = await store.readEpisode("damaged");
    // What is read is right, however much it is.
    steps.forEach((step, i) => {
      const { observation, action, time } = plainStep(3, i);
      expect(step).toMatchObject({ observation, action, time });
    });
    return { steps: steps.length, dropped: droppedBytes };
  } catch (error) {
    expect(error).toMatchObject({ name: "InputError" });
    expect((error as Error).message).toContain("damaged.mcap: ");
    return (error as Error).message;
  }
}

describe("torn tails", () => {
  it("cost at most the step in which the file is cut", async () => {
    // A chunk is followed by its index, which a step does not need: 1 + 8 (record) + 2 + 4 (channel, length) + 8 + 8 bytes.
    const INDEX = 31;
    const wholeSteps = (size: number) => ends.filter((end) => end - INDEX <= size).length;
    // Every byte of the last three steps, every seventh before.
    for (let size = 0; size < interrupted.length; size += size < ends[STEPS - 4] ? 7 : 1) {
      const found = await read(interrupted.subarray(0, size));
      if (size < startEnd - INDEX) expect(found).toContain("holds no whole record, expected the start of an episode");
      else expect(found, `cut at ${size}`).toMatchObject({ steps: wholeSteps(size) });
    }
    // The cut may also fall into what `finish` writes.
    for (let size = ends[STEPS - 1]; size <= finished.length; size += 7) {
      expect(await read(finished.subarray(0, size)), `cut at ${size}`).toMatchObject({ steps: STEPS });
    }
  });

  it("of zeros, as a lost machine leaves them, are left out", async () => {
    const zeros = Buffer.alloc(4096);
    expect(await read(Buffer.concat([interrupted, zeros]))).toEqual({ steps: STEPS, dropped: 4096 });
    const half = Buffer.concat([interrupted.subarray(0, ends[2] + 50), zeros]);
    expect(await read(half)).toEqual({ steps: 3, dropped: 4096 + 50 });
    expect(await read(zeros)).toContain("holds no whole record");
  });

  it("that fail their checksum are left out", async () => {
    const broken = Buffer.from(interrupted.subarray(0, ends[STEPS - 1] - 31));
    broken[ends[STEPS - 2] + 120] ^= 1;
    expect(await read(broken)).toMatchObject({ steps: STEPS - 1 });
  });

  it("are said in the dataset's notes", async () => {
    const other = await createStore(newPath(), { spec });
    const start = { seed: 3, actors: ["a"], info: { success: false } };
    for (let i = 0; i < 2; i++) {
      const recording = await other.startEpisode(start);
      await recording.append(plainStep(3, 0));
      await recording.append(plainStep(3, 1));
      await (i === 0 ? recording.abandon() : recording.finish({ success: true }));
    }
    const { episodeEnds, provenance } = await readStore(other.path);
    expect([...episodeEnds]).toEqual([2, 4]);
    expect(provenance.notes).toEqual(["episode 000000 was interrupted after 2 steps"]);
  });
});

describe("damage elsewhere", () => {
  it("is refused, with the file and the place", async () => {
    const broken = Buffer.from(interrupted);
    broken[ends[2] + 120] ^= 1;
    // The fourth step begins where the third ends.
    expect(await read(broken)).toContain(
      `damaged.mcap: the record at byte ${ends[2]} of ${interrupted.length} is damaged`,
    );
    expect(await read(finished.subarray(100))).toContain("not an MCAP file");
    expect(await read(Buffer.from("a,b\n1,2\n"))).toContain("not an MCAP file");
    const hole = Buffer.concat([finished.subarray(0, ends[1]), finished.subarray(ends[2])]);
    expect(await read(hole)).toContain("step 2: found number 3, expected 2");
  });

  it("of any one bit never changes what is read", async () => {
    const random = randomStream(randomKey(7));
    const tally = { refused: 0, whole: 0 };
    for (let time = 0; time < 600; time++) {
      const broken = Buffer.from(finished);
      // All but the summary, which is not looked at.
      broken[Math.floor(random.uniform() * (ends[STEPS - 1] + 200))] ^= 1 << Math.floor(random.uniform() * 8);
      const found = await read(broken);
      if (typeof found === "string") tally.refused++;
      else {
        // Bits of the header, of an index, of a chunk's times: no step depends on them.
        expect(found).toEqual({ steps: STEPS, dropped: 0 });
        tally.whole++;
      }
    }
    expect(tally.refused).toBeGreaterThan(300);
    console.log(`600 files with one wrong bit: ${tally.refused} refused, ${tally.whole} read whole`);
  });
});
