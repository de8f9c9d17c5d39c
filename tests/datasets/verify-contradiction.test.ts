import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { quantile, randomKey, randomStream } from "../../src/base/index.ts";
import { type Dataset, datasetOf, lengthOf, type Multimodality, verifyRecorded } from "../../src/datasets/index.ts";
import { readRecorded } from "../../src/datasets/node.ts";
import { CLEARLY_TWO, cutInTwo } from "../../src/datasets/verify/modes.ts";
import { findNeighbours } from "../../src/datasets/verify/neighbours.ts";
import { drivingWorld, forkWorld, type Scenario } from "../../src/environments/index.ts";
import { type DrivingStyle, drivingExpert, forkExpert } from "../../src/experts/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import type { Episode } from "../../src/world/index.ts";
import { shifted } from "./verify-fixture.ts";

const PUSH_T = resolve(import.meta.dirname, "../../../shared/data/pusht_human");
const provenance = { format: "rollouts", source: "experts", notes: [] };

const modesOf = (data: Dataset, chunk = 1): Multimodality => {
  const { multimodality } = verifyRecorded(data, { chunk, only: ["contradiction"] });
  if (!multimodality) throw new Error("found no estimate");
  return multimodality;
};

async function fork(sides: "left" | "both"): Promise<Dataset> {
  const episodes: Episode[] = [];
  for (let seed = 0; episodes.length < 80; seed++) {
    const episode = await rollout(forkWorld(), forkExpert(), { seed });
    if (sides === "both" || episode.info.mode === sides) episodes.push(episode);
  }
  return datasetOf(episodes, provenance);
}

async function driving(scenario: Scenario, styles: readonly DrivingStyle[]): Promise<Dataset> {
  const world = drivingWorld({ scenario });
  const episodes: Episode[] = [];
  for (let seed = 0; seed < 120; seed++) {
    episodes.push(await rollout(world, drivingExpert(world, styles[seed % styles.length]), { seed }));
  }
  return datasetOf(episodes, provenance);
}

/** 100 episodes of 40 observations spread evenly over a square; the action is what `answer` says. */
function square(answer: (x: number, y: number, random: () => number, episode: number) => number): Dataset {
  const random = randomStream(randomKey(3));
  const [observation, action] = [new Float32Array(8000), new Float32Array(4000)];
  for (let row = 0; row < 4000; row++) {
    const [x, y] = [random.uniform(), random.uniform()];
    observation.set([x, y], 2 * row);
    action[row] = answer(x, y, () => random.normal(), Math.floor(row / 40));
  }
  return {
    task: "square",
    observation: { names: ["at.x", "at.y"], units: ["m", "m"], values: observation },
    action: { names: ["u"], units: ["1"], values: action },
    episodeEnds: Int32Array.from({ length: 100 }, (_, i) => 40 * (i + 1)),
    controlRate: 10,
    provenance: { ...provenance, actors: [] },
  };
}

describe("a square of observations", () => {
  it("one answer with noise: one mode", () => {
    const modes = modesOf(square((x, y, normal) => Math.sin(3 * x) + y + 0.1 * normal()));
    expect(modes).toMatchObject({ modality: "one", queries: 2000, steps: 4000, neighbours: 16, groups: "episodes" });
    expect(modes.contradictory).toBeLessThan(0.003);
    expect(modes.explained).toBeGreaterThan(0.9);
  });

  it("nothing but noise: one mode, and nothing is explained", () => {
    const modes = modesOf(square((_x, _y, normal) => normal()));
    expect(modes.modality).toBe("one");
    expect(Math.abs(modes.explained)).toBeLessThan(0.05);
  });

  it("two answers by the episode: several modes everywhere", () => {
    const modes = modesOf(square((x, _y, normal, episode) => x + (episode % 2 === 0 ? 2 : -2) + 0.1 * normal()));
    expect(modes.modality).toBe("several");
    // Of 17 fair coins at least 3 and at most 14 must fall alike: 99.8 %. Three quarters of nearest neighbours agree by chance now and then.
    expect(modes.split).toBeGreaterThan(0.97);
    expect(modes.contradictory).toBeGreaterThan(0.8);
    expect(modes.advice).toContain("diffusion");
  });

  it("one answer in ten is too few to be a mode: the others are outliers", () => {
    const modes = modesOf(square((x, _y, normal, episode) => x + (episode % 10 === 0 ? 2 : -2) + 0.1 * normal()));
    expect(modes.split).toBeLessThan(0.5);
  });

  it("a switch that the observation tells is sharp, not several", () => {
    const modes = modesOf(square((x, _y, normal) => (x < 0.5 ? -2 : 2) + 0.1 * normal()));
    expect(modes.modality).toBe("sharp");
    expect(modes.split).toBeGreaterThan(0.02);
    expect(modes.contradictory).toBeLessThan(0.01);
  });

  it("several in the chunk, one in the action: what comes later is not to be seen yet", () => {
    // All go straight at first; from step 10 of each episode they turn, by their episode. Observations say nothing more.
    const data = square((x) => x);
    const action = data.action.values.map((value, row) =>
      row % 40 < 10 ? value : Math.floor(row / 40) % 2 === 0 ? 3 : -3,
    );
    const observation = data.observation.values.map((value, i) =>
      (i >> 1) % 40 < 10 ? value : value + 10 + (Math.floor(i / 80) % 2) * 10,
    );
    const turning = {
      ...data,
      observation: { ...data.observation, values: observation },
      action: { ...data.action, values: action },
    };
    expect(modesOf(turning).contradictory).toBe(0);
    expect(modesOf(turning, 16)).toMatchObject({ modality: "several", chunk: 16 });
  });
});

describe("the fork", () => {
  let both: Dataset;
  beforeAll(async () => {
    both = await fork("both");
  });

  it("passed on one side: one mode", async () => {
    const { findings, multimodality } = verifyRecorded(await fork("left"));
    expect(multimodality).toMatchObject({ modality: "one", contradictory: 0, split: 0 });
    expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  it("passed on either side: several, and the examples are the first steps, with opposite actions", () => {
    const { findings, multimodality } = verifyRecorded(both);
    expect(multimodality?.modality).toBe("several");
    // The side shows in y after the first step: one step of 40 has two answers.
    expect(multimodality?.contradictory).toBeGreaterThan(0.01);
    expect(multimodality?.contradictory).toBeLessThan(0.05);
    const [summary, ...examples] = findings.filter(({ check }) => check === "contradiction");
    expect(summary).toMatchObject({ severity: "warning", episode: null, value: multimodality?.contradictory });
    expect(examples.length).toBeGreaterThan(3);
    for (const { episode, step, value, name, message } of examples) {
      expect({ step, name }).toEqual({ step: 0, name: "action.lateralRate" });
      const row = episode === 0 ? 0 : both.episodeEnds[(episode as number) - 1];
      expect(value).toBe(both.action.values[row]);
      const [, other, does] = /episode (\d+), step 0 .* does (\S+) m\/s/.exec(message) ?? [];
      const otherRow = other === "0" ? 0 : both.episodeEnds[Number(other) - 1];
      expect(Number(does)).toBeCloseTo(both.action.values[otherRow], 2);
      expect(Math.sign(Number(does))).toBe(-Math.sign(value as number));
    }
  });
});

describe("driving", () => {
  it("urgent scenes: one style is one mode, two styles are several", async () => {
    const one = modesOf(await driving("urgent", ["left"]));
    const two = modesOf(await driving("urgent", ["left", "right"]));
    expect([one.modality, two.modality]).toEqual(["one", "several"]);
    expect(two.contradictory).toBeGreaterThan(2 * one.contradictory);
  });
});

describe("neighbours", () => {
  it("are those of a plain search", async () => {
    const data = await fork("both");
    const found = findNeighbours(data, { most: 40, seed: 1 });
    if (!found) throw new Error("found no neighbours");
    const { points, size, queries, rows, distances, count } = found;
    const episodeOf = (row: number) => data.episodeEnds.findIndex((end) => row < end);
    for (const [i, query] of queries.entries()) {
      const nearest = new Map<number, number>();
      for (let row = 0; row < lengthOf(data); row++) {
        const episode = episodeOf(row);
        if (episode === episodeOf(query)) continue;
        const squares = Array.from(
          { length: size },
          (_, c) => (points[query * size + c] - points[row * size + c]) ** 2,
        );
        const distance = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / size);
        nearest.set(episode, Math.min(distance, nearest.get(episode) ?? Number.POSITIVE_INFINITY));
      }
      const expected = [...nearest.values()].sort((a, b) => a - b).slice(0, count);
      const got = Array.from(distances.subarray(i * count, (i + 1) * count));
      got.forEach((distance, j) => {
        expect(distance).toBeCloseTo(expected[j], 5);
      });
      const episodes = Array.from(rows.subarray(i * count, (i + 1) * count), episodeOf);
      expect(new Set([...episodes, episodeOf(query)]).size).toBe(count + 1);
    }
  });

  it("are of other stretches of time where there are few episodes, never beside the row's own", () => {
    const data = square((x) => x);
    const long = { ...data, episodeEnds: Int32Array.of(4000) };
    const found = findNeighbours(long, { most: 50, seed: 1 });
    expect(found?.groups).toBe("stretches");
    found?.queries.forEach((query, i) => {
      for (const row of found.rows.subarray(i * found.count, (i + 1) * found.count)) {
        expect(Math.abs(Math.floor(row / 50) - Math.floor(query / 50))).toBeGreaterThan(1);
      }
    });
    expect(findNeighbours({ ...data, episodeEnds: Int32Array.of(400) }, { most: 50, seed: 1 })).toBeNull();
  });
});

describe("two heaps", () => {
  it("the cut leaves what 2-means leaves, over all cuts of the points on a line", () => {
    // Mean of 0, 1, 2, 10, 11 is 4.8 (squares 110.8 of 226 - 5 x 23.04); the best cut leaves 2 + 0.5.
    const { left, part } = cutInTwo(Float64Array.of(10, 0, 2, 11, 1), 5);
    expect(left).toBeCloseTo(2.5 / 110.8, 10);
    expect([part[0], part[3]]).toEqual([1, 1]);
    expect([part[1], part[2], part[4]]).toEqual([0, 0, 0]);
    expect(cutInTwo(Float64Array.of(3, 3, 3, 3, 3, 3, 3, 3), 8).left).toBe(1);
  });

  it("is found along the direction of the greatest variance", () => {
    const random = randomStream(randomKey(9));
    const points = Float64Array.from({ length: 16 * 5 }, (_, i) => {
      const far = Math.floor(i / 5) % 2 === 0 ? 1 : -1;
      return 0.1 * random.normal() + far * [0.6, 0, -0.8, 0, 0][i % 5];
    });
    const { left, part } = cutInTwo(points, 16);
    expect(left).toBeLessThan(0.05);
    for (let i = 2; i < 16; i++) expect(part[i]).toBe(part[i % 2]);
  });

  it.each([8, 12, 17])("%i points: 1 in 100 heaps of even points leaves less than the table says", (count) => {
    const random = randomStream(randomKey(count));
    const left = Array.from({ length: 20_000 }, () => {
      return cutInTwo(
        Float64Array.from({ length: count }, () => random.uniform()),
        count,
      ).left;
    });
    // The quantile of 20,000 draws lies within 4 % of it: sqrt(0.01 x 0.99 / 20000) = 0.0007 of 0.01.
    expect(quantile(left, 0.01) / CLEARLY_TWO[count]).toBeCloseTo(1, 1);
  });
});

describe.skipIf(!existsSync(PUSH_T))(`people's Push-T episodes (needs shared data, looked for at ${PUSH_T})`, () => {
  it("have no errors, no warnings and no false alarm about delay; shifted actions raise one", async () => {
    const data = await readRecorded(PUSH_T);
    const { findings, counts, multimodality, steps } = verifyRecorded(data);
    expect({ steps, error: counts.error, warning: counts.warning }).toEqual({ steps: 25_650, error: 0, warning: 0 });
    expect(findings.filter(({ check }) => check === "delay")).toEqual([]);
    expect(multimodality?.modality).toBe("sharp");
    // The pusher follows the mouse a step behind: two steps late is the first that shows.
    for (const [late, severity, value] of [
      [2, "warning", -1],
      [3, "warning", -2],
      [-1, "info", 2],
    ] as const) {
      const { findings: found } = verifyRecorded(shifted(data, late), { only: ["delay"] });
      expect(found.map(({ severity, name, value }) => [severity, name, value])).toEqual([
        [severity, "action.target.x", value],
        [severity, "action.target.y", value],
      ]);
    }
  });

  it("a NaN in the zarr is an error that names its array's column, episode and step", async () => {
    const data = await readRecorded(PUSH_T);
    data.observation.values[20 * 1000 + 3] = Number.NaN;
    const { counts, findings } = verifyRecorded(data);
    expect(counts.error).toBe(1);
    const episode = data.episodeEnds.findIndex((end) => end > 1000);
    const step = 1000 - data.episodeEnds[episode - 1];
    expect(findings[0]).toMatchObject({
      check: "finite",
      episode,
      step,
      name: "observation.keypoint.1.y",
      value: "NaN",
    });
    expect(findings[0].file).toBe(join(PUSH_T, "pusht_cchi_v7_replay.zarr"));
  });
});
