import { describe, expect, it } from "vitest";
import { type Check, type Finding, type Recorded, verifyRecorded } from "../../src/datasets/index.ts";
import { cart, copyOf } from "./verify-fixture.ts";

const LENGTHS = [40, 50, 45, 55, 60, 48];
const clean = cart(LENGTHS);
/** Rows of episode 2, step s: 40 + 50 come before. */
const row = (step: number) => 90 + step;

const of = (data: Recorded, check: Check): readonly Finding[] =>
  verifyRecorded(data).findings.filter((finding) => finding.check === check);

/** A finding without its words. */
const bare = ({ message: _, ...rest }: Finding) => rest;

describe("a clean recording", () => {
  it("has no errors and no warnings", () => {
    const { findings, counts, episodes, steps } = verifyRecorded(clean);
    expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
    expect({ counts: { ...counts, info: 0 }, episodes, steps }).toEqual({
      counts: { error: 0, warning: 0, info: 0 },
      episodes: 6,
      steps: 298,
    });
  });
});

describe("values that are not finite", () => {
  it("each is named by file, episode, step and column", () => {
    const broken = copyOf(clean);
    broken.observation.values[2 * row(3) + 1] = Number.NaN;
    broken.action.values[row(7)] = Number.NEGATIVE_INFINITY;
    const about = { check: "finite", severity: "error", file: "cart/2.mcap", episode: 2 };
    expect(of(broken, "finite").map(bare)).toEqual([
      { ...about, step: 3, name: "observation.cart.noise", value: "NaN" },
      { ...about, step: 7, name: "action.velocity", value: "-Infinity" },
    ]);
    expect(verifyRecorded(broken).multimodality).toBeNull();
    expect(JSON.parse(JSON.stringify(of(broken, "finite")[0])).value).toBe("NaN");
  });

  it("the hundred and first is counted, not told", () => {
    const broken = copyOf(clean);
    broken.action.values.fill(Number.NaN, 0, 130);
    const found = of(broken, "finite");
    expect(found).toHaveLength(101);
    expect(found[100]).toMatchObject({ severity: "error", episode: null, value: 30, message: "30 more of this kind" });
  });
});

describe("bounds and saturation", () => {
  it("actions beyond the bounds are errors; a bound itself is not beyond", () => {
    const broken = copyOf({ ...clean, actionBounds: { low: [-20], high: [0.1] } });
    broken.action.values.fill(0.1);
    broken.action.values[row(5)] = 0.2;
    broken.action.values[row(6)] = -21;
    expect(of(broken, "bounds").map(({ episode, step, value }) => [episode, step, value])).toEqual([
      [2, 5, Math.fround(0.2)],
      [2, 6, -21],
    ]);
    expect(of(clean, "bounds")).toEqual([]);
  });

  it.each([
    [0.2, "warning"],
    [0.05, "info"],
    [0.01, null],
  ])("a share of %s at the largest value: %s", (share, severity) => {
    const broken = copyOf(clean);
    const count = Math.round(share * 298);
    broken.action.values.fill(9, 0, count);
    const found = of(broken, "saturation").map(({ severity, name, value }) => ({ severity, name, value }));
    expect(found).toEqual(severity ? [{ severity, name: "action.velocity", value: count / 298 }] : []);
  });

  it("a switch is not saturated", () => {
    const gripper = copyOf(clean);
    gripper.action.values.forEach((value, i, all) => {
      all[i] = Math.sign(value);
    });
    expect(of(gripper, "saturation")).toEqual([]);
  });
});

describe("time stamps", () => {
  const withTime = (change: (time: Float64Array) => void): Recorded => {
    const data = copyOf(clean);
    change(data.time);
    return data;
  };

  it("a gap over 1.5 periods is a warning, one below is none", () => {
    const gap = (seconds: number) =>
      withTime((time) => {
        for (let step = 10; step < 45; step++) time[row(step)] += seconds;
      });
    expect(of(gap(0.04), "time")).toEqual([]);
    const [found, ...more] = of(gap(0.3), "time");
    expect(more).toEqual([]);
    expect(found).toMatchObject({ severity: "warning", file: "cart/2.mcap", episode: 2, step: 10, name: "time" });
    expect(found.value).toBeCloseTo(0.4, 9);
  });

  it("standing still and going backwards are errors", () => {
    const found = of(
      withTime((time) => {
        time[row(20)] = time[row(19)];
        time[row(30)] = time[row(29)] - 0.05;
      }),
      "time",
    );
    // The steps after: 0.2 s after the one that stood still, 0.25 s after the one that went back.
    expect(found.map(({ severity, step }) => [severity, step])).toEqual([
      ["error", 20],
      ["warning", 21],
      ["error", 30],
      ["warning", 31],
    ]);
  });

  it("a control rate that is another is told once; no time stamps, no findings", () => {
    const found = of({ ...clean, controlRate: 12 }, "time");
    expect(found.map(({ severity, episode, value }) => [severity, episode, value])).toEqual([
      ["warning", null, expect.closeTo(0.1, 9)],
    ]);
    expect(of({ ...clean, time: undefined }, "time")).toEqual([]);
  });
});

describe("columns", () => {
  const withObservation = (names: readonly string[], value: (row: number, column: number) => number): Recorded => ({
    ...clean,
    observation: {
      names,
      units: names.map(() => "1"),
      values: Float32Array.from({ length: 298 * names.length }, (_, i) =>
        value(Math.floor(i / names.length), i % names.length),
      ),
    },
  });
  const position = (row: number) => clean.observation.values[2 * row];
  const action = (row: number) => clean.action.values[row];

  it("constant ones are warnings; many of one array are told together", () => {
    const few = withObservation(["a.x", "a.y"], (row, column) => (column === 0 ? position(row) : 4));
    expect(of(few, "constant").map(({ severity, name, value }) => [severity, name, value])).toEqual([
      ["warning", "observation.a.y", 4],
    ]);
    const many = withObservation(["a.x", "l.1", "l.2", "l.3", "l.4"], (row, column) =>
      column === 0 ? position(row) : 4,
    );
    expect(of(many, "constant").map(({ name, value }) => [name, value])).toEqual([["observation.l", 4]]);
    expect(of(many, "constant")[0].message).toContain("1, 2, 3, 4");
    const dead = copyOf(clean);
    dead.action.values.fill(0);
    expect(of(dead, "constant").map(({ name }) => name)).toEqual(["action.velocity"]);
  });

  it("duplicates are named with the first of them", () => {
    const data = withObservation(["a.x", "a.y", "a.z"], (row, column) => (column === 1 ? row : position(row)));
    const [found, ...more] = of(data, "duplicate-column");
    expect(more).toEqual([]);
    expect(found).toMatchObject({ severity: "warning", name: "observation.a.z" });
    expect(found.message).toContain("observation.a.x");
    // One differing step is enough to be another column.
    const other = withObservation(["a.x", "a.y"], (row, column) => (column === 1 && row === 200 ? 0 : position(row)));
    expect(of(other, "duplicate-column")).toEqual([]);
  });

  it("the action in the observation is an error, the last action a warning", () => {
    const now = withObservation(["a.x", "a.u"], (row, column) => (column === 0 ? position(row) : action(row)));
    expect(of(now, "leak").map(({ severity, name, value }) => [severity, name, value])).toEqual([
      ["error", "observation.a.u", 1],
    ]);
    const ends = new Set([0, ...clean.episodeEnds]);
    const before = withObservation(["a.x", "a.u"], (row, column) =>
      column === 0 ? position(row) : ends.has(row) ? 0 : action(row - 1),
    );
    expect(of(before, "leak").map(({ severity, name, value }) => [severity, name, value])).toEqual([
      ["warning", "observation.a.u", 1],
    ]);
  });
});

describe("episodes", () => {
  it("interrupted recordings, with the bytes that were torn", () => {
    const data = { ...clean, interrupted: [{ episode: 1, droppedBytes: 17 }], empty: ["cart/6.mcap"] };
    expect(
      of(data, "interrupted").map(({ severity, file, episode, step, value }) => [severity, file, episode, step, value]),
    ).toEqual([
      ["warning", "cart/1.mcap", 1, 49, 17],
      ["warning", "cart/6.mcap", null, null, 0],
    ]);
  });

  it("those shorter than a quarter of the median", () => {
    // Median of 40, 12, 11, 48, 50, 52 is 44, a quarter of it 11.
    const found = of(cart([40, 12, 10, 48, 50, 52]), "short");
    expect(found.map(({ severity, episode, value }) => [severity, episode, value])).toEqual([["warning", 2, 10]]);
    expect(of(cart([40, 3, 41, 42]), "short")).toEqual([]);
  });

  it("the same twice is an error, the beginning of another a warning", () => {
    const twice = copyOf(cart([30, 40, 30, 20]));
    // Episode 2 (rows 70 to 99) as episode 0 (rows 0 to 29), episode 3 (rows 100 to 119) as the beginning of 1 (from 30).
    twice.observation.values.copyWithin(2 * 70, 0, 2 * 30).copyWithin(2 * 100, 2 * 30, 2 * 50);
    twice.action.values.copyWithin(70, 0, 30).copyWithin(100, 30, 50);
    expect(of(twice, "duplicate-episode").map(({ severity, episode, value }) => [severity, episode, value])).toEqual([
      ["error", 2, 0],
      ["warning", 3, 1],
    ]);
    // A single step that differs makes another episode.
    twice.action.values[75] += 1;
    twice.action.values[105] += 1;
    expect(of(twice, "duplicate-episode")).toEqual([]);
  });
});

describe("idle stretches", () => {
  /** Nothing changes from step `from` on for `changes` steps more, in episode 2. */
  const resting = (from: number, changes: number): Recorded => {
    const data = copyOf(clean);
    for (let step = from + 1; step <= from + changes; step++) {
      data.observation.values.copyWithin(2 * row(step), 2 * row(from), 2 * row(from) + 2);
      data.action.values[row(step)] = data.action.values[row(from)];
    }
    return data;
  };

  it("a second or more is told, less is not", () => {
    expect(of(resting(5, 9), "idle")).toEqual([]);
    expect(of(resting(5, 10), "idle").map(bare)).toEqual([
      { check: "idle", severity: "info", file: "cart/2.mcap", episode: 2, step: 5, name: null, value: 1 },
    ]);
  });

  it("to the end of an episode, and a warning where it is more than a twentieth", () => {
    const [warning, found] = of(resting(20, 24), "idle");
    expect(warning).toMatchObject({ severity: "warning", episode: null, value: 24 / 298 });
    expect(found).toMatchObject({ severity: "info", step: 20, value: 2.4 });
    expect(found.message).toContain("to the end");
  });

  it("an action that moves is not idle", () => {
    const data = copyOf(resting(5, 20));
    for (let step = 5; step <= 25; step++) data.action.values[row(step)] = step;
    expect(of(data, "idle")).toEqual([]);
  });
});
