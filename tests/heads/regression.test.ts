import { describe, expect, it } from "vitest";
import { huberHead, isTractable, l1Head, l2Head } from "../../src/heads/index.ts";
import { input } from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";
import { expectGradient } from "./differences.ts";

const RESIDUALS = [-2, -0.5, 0, 0.3, 1.5];

describe("regression", () => {
  const inputs = [input("output", [1, 5]), input("actions", [1, 5])] as const;

  // ALGORITHMS.md 11.6, residuals [-2, -.5, 0, .3, 1.5]; Huber(.5) is the mean of its row .875, .125, 0, .045, .625
  it.each([
    ["l2", l2Head({ actionSize: 5 }), 1.318],
    ["l1", l1Head({ actionSize: 5 }), 0.86],
    ["huber", huberHead({ actionSize: 5 }), 0.534],
    ["huber", huberHead({ actionSize: 5, delta: 0.5 }), 0.334],
  ])("%s: its mean over residuals, with its outputs as actions", async (name, head, expected) => {
    expect(head).toMatchObject({ name, outputSize: 5, noiseSize: 0 });
    expect(isTractable(head)).toBe(false);
    const feeds = { output: RESIDUALS, actions: [0, 0, 0, 0, 0] };
    const outputs = { loss: head.loss(...inputs), sample: head.sample(inputs[0], inputs[1]) };
    // 0.3 as float32 in the program is off by 1e-8
    expect(inFloat64([...inputs], outputs, feeds).loss[0]).toBeCloseTo(expected, 6);
    const native = await inFloat32([...inputs], outputs, feeds);
    expect(native.loss[0]).toBeCloseTo(expected, 6);
    expect(Array.from(native.sample)).toEqual(Array.from(Float32Array.from(RESIDUALS)));
  });

  it.each([
    ["l2", l2Head({ actionSize: 5 })],
    ["l1", l1Head({ actionSize: 5 })],
    ["huber", huberHead({ actionSize: 5, delta: 0.4 })],
  ])("%s: its gradient", (_, head) => {
    // no residual at a kink
    const feeds = { output: RESIDUALS, actions: [0.2, 0.1, -0.3, 0.25, -0.7] };
    expectGradient([...inputs], head.loss(...inputs), feeds);
  });

  it("Huber refuses a delta that is not above 0", () => {
    for (const delta of [0, -1, Number.NaN]) {
      expect(() => huberHead({ actionSize: 1, delta })).toThrow(`delta ${delta}, expected a number above 0`);
    }
  });
});
