import { describe, expect, it } from "vitest";
import {
  actorKey,
  box,
  checkHorizons,
  clampTo,
  type EnvironmentSpec,
  episodeOf,
  findOutside,
  observationNames,
  observationSize,
  packObservation,
  type Step,
  worldKey,
} from "../../src/world/index.ts";

const speed = { name: "speed", unit: "m/s", low: 0, high: 30 };
const yaw = { name: "yaw", unit: "rad", low: -1, high: 1 };

describe("box", () => {
  it("refuses crossed bounds and repeated names", () => {
    expect(() => box({ ...speed, low: 31 })).toThrow('box dimension "speed": found bounds [31, 30]');
    expect(() => box({ ...speed, low: Number.NaN })).toThrow("found bounds [NaN, 30]");
    expect(() => box(speed, yaw, speed)).toThrow('box dimension "speed": named twice');
  });

  it("finds what lies outside, with both numbers and the unit", () => {
    const space = box(speed, yaw);
    expect(findOutside(space, [0, 1])).toBeNull();
    expect(findOutside(space, [30.5, 0])).toBe("speed: found 30.5, expected 0 to 30 m/s");
    expect(findOutside(space, [1, Number.NaN])).toBe("yaw: found NaN, expected -1 to 1 rad");
    expect(findOutside(space, [1])).toBe("found 1 numbers, expected 2 (speed, yaw)");
  });

  it("takes a bound as float32 does, and nothing infinite even without bounds", () => {
    const space = box({ name: "force", unit: "N", low: -0.1, high: 0.1 });
    expect(findOutside(space, clampTo(space, [5]))).toBeNull();
    expect(findOutside(space, clampTo(space, [-5]))).toBeNull();
    expect(findOutside(space, [0.1001])).toContain("found 0.1001");
    const free = box({ name: "x", unit: "m", low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
    expect(findOutside(free, [1e30])).toBeNull();
    expect(findOutside(free, [Number.POSITIVE_INFINITY])).toContain("found Infinity");
  });

  it("clamps to the nearest point and leaves NaN to be refused", () => {
    expect([...clampTo(box(speed, yaw, { ...yaw, name: "roll" }), [-2, 5, Number.NaN])]).toEqual([0, 1, Number.NaN]);
  });
});

describe("observations", () => {
  const space = { car: box(speed), pose: box(yaw, { ...yaw, name: "roll" }) };

  it("are packed in the order of the space, whatever the order of the observation", () => {
    expect(observationSize(space)).toBe(3);
    expect(observationNames(space)).toEqual(["car.speed", "pose.yaw", "pose.roll"]);
    const out = new Float32Array(5);
    packObservation(space, { pose: Float32Array.of(2, 3), car: Float32Array.of(1) }, out, 1);
    expect([...out]).toEqual([0, 1, 2, 3, 0]);
  });

  it("are refused where an array is missing or has another size", () => {
    const out = new Float32Array(3);
    expect(() => packObservation(space, { car: Float32Array.of(1) }, out, 0)).toThrow(
      'observation "pose": found undefined numbers, expected 2',
    );
    expect(() => packObservation(space, { car: new Float32Array(2), pose: new Float32Array(2) }, out, 0)).toThrow(
      'observation "car": found 2 numbers, expected 1',
    );
  });
});

describe("horizons", () => {
  it("leave room for the executed slice", () => {
    checkHorizons({ observationHorizon: 2, predictionHorizon: 16, actionHorizon: 15 });
    expect(() => checkHorizons({ observationHorizon: 2, predictionHorizon: 16, actionHorizon: 16 })).toThrow(
      "predictionHorizon: found 16, expected at least observationHorizon - 1 + actionHorizon = 17",
    );
    expect(() => checkHorizons({ observationHorizon: 0, predictionHorizon: 16, actionHorizon: 8 })).toThrow(
      "observationHorizon: found 0",
    );
  });
});

it("one seed makes independent keys for world and actor, and every seed its own", () => {
  const keys = [0, 1, 2 ** 40].flatMap((seed) => [worldKey(seed), actorKey(seed)]).map(String);
  expect(new Set(keys).size).toBe(6);
  expect(worldKey(9)).toEqual(worldKey(9));
});

describe("episodeOf", () => {
  const spec: EnvironmentSpec = {
    name: "test",
    observation: { car: box(speed, yaw) },
    action: box(yaw),
    controlRate: 10,
    maxSteps: 9,
  };
  const header = { spec, seed: 1, actor: "somebody", info: { success: true } };
  const step = (time: number, more: Partial<Step> = {}): Step => ({
    observation: { car: Float32Array.of(time, 1) },
    action: Float32Array.of(-time),
    controller: "expert",
    chunkPlace: 0,
    reward: 0.5,
    terminated: false,
    truncated: false,
    time,
    ...more,
  });

  it("turns steps into columns", () => {
    const episode = episodeOf(header, [step(0), step(0.1), step(0.25, { truncated: true, controller: "policy" })]);
    expect(episode).toMatchObject({ ...header, length: 3, terminated: false, truncated: true });
    expect(episode.observation.car).toEqual(Float32Array.of(0, 1, 0.1, 1, 0.25, 1));
    expect(episode.action).toEqual(Float32Array.of(-0, -0.1, -0.25));
    expect(episode.reward).toEqual(Float32Array.of(0.5, 0.5, 0.5));
    expect(episode.time).toEqual(Float64Array.of(0, 0.1, 0.25));
    expect(episode.controller).toEqual(["expert", "expert", "policy"]);
  });

  it("refuses an empty one, one that ends early, and rows of the wrong size", () => {
    expect(() => episodeOf(header, [])).toThrow("found no steps");
    expect(() => episodeOf(header, [step(0, { terminated: true }), step(1)])).toThrow(
      "ended at step 0, but has 2 steps",
    );
    expect(() => episodeOf(header, [step(0), step(1, { action: new Float32Array(2) })])).toThrow(
      'episode column "action", step 1: found 2 numbers, expected 1',
    );
    expect(() => episodeOf(header, [step(0, { observation: {} })])).toThrow(
      'episode column "car", step 0: found undefined numbers, expected 2',
    );
  });
});
