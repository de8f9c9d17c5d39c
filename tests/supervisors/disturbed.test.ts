import { describe, expect, it } from "vitest";
import { supervise } from "../../src/rollouts/index.ts";
import { disturbedSupervisor } from "../../src/supervisors/index.ts";
import { lineExpert, linePlanner, lineWorld } from "../rollouts/line.ts";

const FACTOR = [
  [0.3, 0],
  [0.2, 0.1],
];
const STEPS = 400;
const EPISODES = 30;

describe("DART's disturbed expert", () => {
  const run = (factor: readonly (readonly number[])[], count = EPISODES) =>
    supervise(
      () => lineWorld({ length: STEPS }),
      linePlanner({ observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 }),
      Array.from({ length: count }, (_, seed) => seed),
      { makeSupervisor: () => disturbedSupervisor(lineExpert(), factor), together: 5 },
    );

  it("drives all the time, and executes its label plus noise of the covariance asked for", async () => {
    const episodes = await run(FACTOR);
    const noise: number[][] = [];
    for (const { controller, action, label, length } of episodes) {
      expect(new Set(controller)).toEqual(new Set(["expert"]));
      for (let step = 0; step < length; step++) {
        noise.push([0, 1].map((i) => action[2 * step + i] - label![2 * step + i]));
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const moment = (i: number, j: number) => mean(noise.map((one) => one[i] * one[j]));
    // L Lᵀ = [[0.09, 0.06], [0.06, 0.05]]. 12,000 draws: standard errors of 0.09 sqrt(2 / 12,000) = 0.0012 and less.
    expect(Math.abs(moment(0, 0) - 0.09)).toBeLessThan(0.005);
    expect(Math.abs(moment(0, 1) - 0.06)).toBeLessThan(0.004);
    expect(Math.abs(moment(1, 1) - 0.05)).toBeLessThan(0.003);
    // No bias, and one step's noise tells nothing of the next: standard errors of 0.3 / 110 and 0.09 / 110.
    for (const i of [0, 1]) expect(Math.abs(mean(noise.map((one) => one[i])))).toBeLessThan(0.012);
    const after = noise.slice(1).map((one, i) => one[0] * noise[i][0]);
    expect(Math.abs(mean(after))).toBeLessThan(0.004);
  });

  it("draws the same for the same seed and something else for others", async () => {
    const [first, second] = await run(FACTOR, 2);
    const [again] = await run(FACTOR, 1);
    expect(again).toEqual(first);
    expect(second.action.slice(0, 2)).not.toEqual(first.action.slice(0, 2));
  });

  it("executes the label itself where there is no noise", async () => {
    const none = [
      [0, 0],
      [0, 0],
    ];
    for (const { action, label } of await run(none, 2)) expect(action).toEqual(label);
  });

  it("refuses a factor that fits no action", async () => {
    expect(() => disturbedSupervisor(lineExpert(), [[1, 0], [1]])).toThrow("found a row of 1 numbers");
    await expect(run([[1]], 1)).rejects.toThrow("disturbance: found a factor of 1 rows, expected 2");
  });
});
