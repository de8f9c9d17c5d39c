import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { datasetOf } from "../../src/datasets/index.ts";
import {
  createStore,
  episodeFrom,
  openStore,
  type RecordedStep,
  readDataset,
  readStore,
  type StepToRecord,
} from "../../src/datasets/node.ts";
import { box, type Controller, type EnvironmentSpec, episodeOf, type Info } from "../../src/world/index.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";
import { refusal } from "./store-refusal.ts";

const newPath = temporaryPaths();

/** Any text with a UTF-8 form, but `constructor` and the like, by which `toStrictEqual` tells types apart. */
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !(text in {}));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const floats = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true });
const dimension = fc.record({
  unit: fc.string({ unit: "grapheme", maxLength: 4 }),
  low: fc.constantFrom(-Infinity, -3.5, 0),
  high: fc.constantFrom(0, 0.1, Infinity),
});
const space = (maxLength: number) =>
  fc
    .uniqueArray(name, { minLength: 1, maxLength })
    .chain((names) => fc.tuple(...names.map((name) => dimension.map((rest) => ({ name, ...rest })))))
    .map((dimensions) => box(...dimensions));
const anySpec: fc.Arbitrary<EnvironmentSpec> = fc.record(
  {
    name,
    observation: fc.dictionary(name, space(5), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    action: space(4),
    controlRate: fc.double({ min: 0.1, max: 1000, noNaN: true }),
    maxSteps: fc.integer({ min: 1, max: 10_000 }),
    modes: fc.array(name),
  },
  { requiredKeys: ["name", "observation", "action", "controlRate", "maxSteps"] },
);
const anyInfo: fc.Arbitrary<Info> = fc
  .tuple(
    fc.boolean(),
    fc.dictionary(name, fc.oneof(fc.double({ noNaN: true }), fc.string({ unit: "grapheme" }), fc.boolean()), {
      noNullPrototype: true,
    }),
  )
  .map(([success, more]) => ({ ...more, success }));

function anyStep({ observation, action }: EnvironmentSpec): fc.Arbitrary<RecordedStep> {
  const size = action.names.length;
  const fields = {
    observation: fc.record(
      Object.fromEntries(Object.entries(observation).map(([array, { names }]) => [array, floats(names.length)])),
      { noNullPrototype: true },
    ),
    action: floats(size),
    proposed: fc.option(floats(size)),
    label: fc.option(floats(size)),
    controller: fc.constantFrom<Controller>("policy", "expert"),
    operator: fc.option(name),
    policyVersion: fc.option(name),
    chunkPlace: fc.nat(2 ** 32 - 1),
    gate: fc.dictionary(name, fc.double({ noNaN: true }), { noNullPrototype: true, maxKeys: 3 }),
    reward: finite,
    terminated: fc.constant(false),
    truncated: fc.constant(false),
    time: fc.double({ min: 0, max: 1e6, noNaN: true }),
    wallTime: fc.double({ min: 0, max: 4e9, noNaN: true }),
  } as const;
  return fc.record(fields, { noNullPrototype: true });
}

const anyEpisode = anySpec.chain((spec) =>
  fc.record({
    spec: fc.constant(spec),
    steps: fc.array(anyStep(spec), { maxLength: 12 }),
    seed: fc.maxSafeInteger(),
    actors: fc.array(name, { minLength: 1, maxLength: 3 }),
    info: anyInfo,
    endInfo: fc.option(anyInfo),
    ending: fc.constantFrom("terminated", "truncated", "stopped"),
    wallTime: fc.double({ min: 0, max: 4e9, noNaN: true }),
  }),
);

describe("round trip", () => {
  it("gives back every field of any episode, bit for bit", async () => {
    await fc.assert(
      fc.asyncProperty(anyEpisode, async ({ spec, steps, seed, actors, info, endInfo, ending, wallTime }) => {
        const path = newPath();
        await createStore(path, { spec, provenance: { source: "τest", notes: ["eins"] } });
        const store = await openStore(path);
        expect(store.spec).toEqual(spec);
        expect(Object.keys(store.spec.observation)).toEqual(Object.keys(spec.observation));
        expect(store.provenance).toEqual({ source: "τest", notes: ["eins"] });
        const last = steps.at(-1);
        const whole = last && ending !== "stopped" ? [...steps.slice(0, -1), { ...last, [ending]: true }] : steps;

        const recording = await store.startEpisode({ seed, actors, info, clock: () => wallTime });
        // Not awaited one by one: they are written in the order of the calls.
        await Promise.all(whole.map((step) => recording.append(step)));
        if (endInfo) await recording.finish(endInfo);
        else await recording.abandon();

        const read = await store.readEpisode(recording.id);
        const success = endInfo?.success ?? null;
        const expected = {
          id: "000000",
          seed,
          actors,
          info,
          wallTime,
          steps: whole,
          endInfo,
          success,
          droppedBytes: 0,
        };
        expect(read).toStrictEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("fills in what a plain step leaves out, and takes its arrays at once", async () => {
    const store = await createStore(newPath(), { spec });
    let now = 100;
    const recording = await store.startEpisode({
      seed: 1,
      actors: ["a"],
      info: { success: false },
      clock: () => now++,
    });
    const { wallTime, ...step } = plainStep(1, 0);
    const appended = recording.append(step);
    step.action.fill(9);
    await appended;
    await recording.flush();
    await recording.finish({ success: true });
    const [read] = (await store.readEpisode(recording.id)).steps;
    const nothing = { proposed: null, label: null, operator: null, policyVersion: null, gate: {} };
    // The clock was asked at the start, then for the step.
    expect(read).toStrictEqual({ ...plainStep(1, 0), ...nothing, wallTime: 101 });
  });

  it("writes the same bytes by the same clock", async () => {
    const bytes = [];
    for (let time = 0; time < 2; time++) {
      const store = await createStore(newPath(), { spec });
      const recording = await store.startEpisode({ seed: 1, actors: ["a"], info: { success: false }, clock: () => 5 });
      for (let step = 0; step < 5; step++) await recording.append(plainStep(1, step));
      await recording.finish({ success: true });
      bytes.push(readFileSync(recording.file));
    }
    expect(bytes[0].equals(bytes[1])).toBe(true);
  });

  it("keeps episodes of a rollout as datasetOf does", async () => {
    const path = newPath();
    const store = await createStore(path, { spec });
    const episodes = [3, 1, 4].map((length, seed) => {
      const steps = Array.from({ length }, (_, i) => plainStep(seed, i, { terminated: i === length - 1 }));
      return episodeOf({ spec, seed, actor: `actor ${seed % 2}`, info: { success: seed !== 1, mode: "left" } }, steps);
    });
    for (const episode of episodes) await store.writeEpisode(episode);
    const ids = store.episodeIds();
    expect(ids).toEqual(["000000", "000001", "000002"]);
    for (const [i, id] of ids.entries()) expect(episodeFrom(spec, await store.readEpisode(id))).toEqual(episodes[i]);
    const provenance = { format: "apprentice store", source: path, notes: [] };
    expect(await readStore(path)).toEqual(datasetOf(episodes, provenance));
    expect(await readDataset(path)).toEqual(datasetOf(episodes, provenance));
  });
});

it("episodes may be recorded side by side", async () => {
  const store = await createStore(newPath(), { spec });
  const seeds = [0, 1, 2, 3];
  const recordings = await Promise.all(
    seeds.map((seed) => store.startEpisode({ seed, actors: ["a"], info: { success: false } })),
  );
  for (let step = 0; step < 3; step++) {
    await Promise.all(recordings.map((recording, seed) => recording.append(plainStep(seed, step))));
  }
  await Promise.all(recordings.map((recording) => recording.finish({ success: true })));
  expect(store.episodeIds()).toEqual(["000000", "000001", "000002", "000003"]);
  for (const [seed, { id }] of recordings.entries()) {
    const { steps, ...episode } = await store.readEpisode(id);
    expect(episode.seed).toBe(seed);
    expect(steps.map(({ action }) => action)).toEqual([0, 1, 2].map((step) => plainStep(seed, step).action));
  }
});

describe("what is refused while recording", () => {
  const x = Float32Array.of(0, Number.NaN);
  const cases: readonly [string, Partial<StepToRecord>, string][] = [
    [
      "NaN seen",
      { observation: { ...plainStep(0, 0).observation, zustand: x } },
      'observation "zustand": y: found NaN, expected a finite number',
    ],
    [
      "an array missing",
      { observation: { zustand: Float32Array.of(0, 0) } },
      'observation "速度 🚗": found nothing, expected 1 (v)',
    ],
    [
      "an array too many",
      { observation: { ...plainStep(0, 0).observation, bild: x } },
      'observation "bild": not in the task\'s spaces, expected "zustand", "速度 🚗"',
    ],
    ["a short action", { action: Float32Array.of(1) }, "action: found 1 numbers, expected 3 (a, b, c)"],
    [
      "an infinite proposal",
      { proposed: Float32Array.of(0, 0, Infinity) },
      "proposed: c: found Infinity, expected a finite number",
    ],
    ["a NaN label", { label: Float32Array.of(Number.NaN, 0, 0) }, "label: a: found NaN, expected a finite number"],
    ["a NaN reward", { reward: Number.NaN }, "reward: found NaN, expected a finite number"],
    ["a NaN time", { time: Number.NaN }, "time: found NaN, expected a finite number"],
    ["a NaN reading", { gate: { doubt: Number.NaN } }, 'gate "doubt": found NaN, expected a number'],
    ["an empty name", { operator: "" }, "operator: found an empty text, expected a name"],
    ["half a character", { policyVersion: "\ud83d" }, 'policyVersion: found "\\ud83d", expected Unicode text'],
    ["a broken place", { chunkPlace: -1 }, "chunkPlace: found -1, expected an integer from 0 to 2^32 - 1"],
    ["two endings", { terminated: true, truncated: true }, "found both terminated and truncated, expected at most one"],
  ];
  it.each(cases)("%s", async (_, more, message) => {
    const store = await createStore(newPath(), { spec });
    const recording = await store.startEpisode({ seed: 0, actors: ["a"], info: { success: false } });
    await recording.append(plainStep(0, 0));
    expect(await refusal(() => recording.append(plainStep(0, 1, more)))).toBe(`${recording.file}: step 1: ${message}`);
    // The refused step has left no trace.
    await recording.append(plainStep(0, 1, { terminated: true }));
    await recording.finish({ success: true });
    expect((await store.readEpisode(recording.id)).steps.map(({ time }) => time)).toEqual([0, 0.1]);
  });

  it("steps after the end", async () => {
    const store = await createStore(newPath(), { spec });
    const recording = await store.startEpisode({ seed: 0, actors: ["a"], info: { success: false } });
    await recording.append(plainStep(0, 0, { truncated: true }));
    expect(await refusal(() => recording.append(plainStep(0, 1)))).toContain(
      "step 1: found a step after the end of the episode, expected none",
    );
    await recording.finish({ success: true });
    expect(await refusal(() => recording.finish({ success: true }))).toContain("the recording has already ended");
  });

  it("starts that a file cannot give back", async () => {
    const store = await createStore(newPath(), { spec });
    const start = { seed: 0, actors: ["a"], info: { success: false } };
    expect(await refusal(() => store.startEpisode({ ...start, seed: 0.5 }))).toContain(
      "start: seed: found 0.5, expected an integer",
    );
    expect(await refusal(() => store.startEpisode({ ...start, actors: [] }))).toContain("actors: found none");
    expect(await refusal(() => store.startEpisode({ ...start, id: "../x" }))).toContain('episode id: found "../x"');
    await (await store.startEpisode({ ...start, id: "a" })).abandon();
    expect(await refusal(() => store.startEpisode({ ...start, id: "a" }))).toContain(
      "there is an episode of this id already",
    );
    expect(readdirSync(join(store.path, "episodes"))).toEqual(["a.mcap"]);
  });
});

describe("dataset.json", () => {
  it("is refused with the field at fault", async () => {
    const path = newPath();
    await createStore(path, { spec });
    const file = join(path, "dataset.json");
    const good = readFileSync(file, "utf8");
    const edits: [(json: Record<string, unknown>) => unknown, string][] = [
      [(json) => Object.assign(json, { format: "zip" }), 'format: found "zip", expected "apprentice-dataset"'],
      [(json) => Object.assign(json, { version: 2 }), "version: found 2, expected 1"],
      [(json) => Object.assign(json, { controlRate: 0 }), "controlRate: "],
      [(json) => Object.assign(json, { controlrate: 10 }), "controlrate"],
      [(json) => Object.assign(json, { action: [] }), "action: "],
      [
        (json) => Object.assign(json, { action: [{ name: "a", unit: "m", low: 2, high: 1 }] }),
        'action: box dimension "a": found bounds [2, 1]',
      ],
    ];
    for (const [edit, message] of edits) {
      const json = JSON.parse(good);
      edit(json);
      writeFileSync(file, JSON.stringify(json));
      const found = await refusal(() => openStore(path));
      expect(found).toContain(file);
      expect(found).toContain(message);
    }
    writeFileSync(file, "{");
    expect(await refusal(() => openStore(path))).toContain("not valid JSON");
  });

  it("is looked for", async () => {
    const path = newPath();
    expect(await refusal(() => openStore(path))).toBe(`${path}: not a dataset, expected a folder with dataset.json`);
    await createStore(path, { spec });
    expect(await refusal(() => createStore(path, { spec }))).toContain("expected a new or empty folder");
    expect(await refusal(() => readStore(path))).toBe(`${path}: found no episode with a step, expected at least one`);
    const store = await openStore(path);
    expect(await refusal(() => store.readEpisode("7"))).toBe(`${path}: there is no episode "7"`);
  });

  it("of another task refuses the files of this one", async () => {
    const store = await createStore(newPath(), { spec });
    const other = await createStore(newPath(), { spec: { ...spec, name: "andere" } });
    const recording = await store.startEpisode({ seed: 0, actors: ["a"], info: { success: false } });
    await recording.abandon();
    const file = join(other.path, "episodes", "000000.mcap");
    writeFileSync(file, readFileSync(recording.file));
    expect(await refusal(() => other.readEpisode("000000"))).toBe(
      `${file}: start: task: found "prüfung", expected "andere"`,
    );
  });
});
