/** A report with everything in it, made without training: a planner that draws, judged in a fork. */
import { randomStream, wilson } from "../../src/base/index.ts";
import { forkWorld } from "../../src/environments/index.ts";
import { judge } from "../../src/evaluation/index.ts";
import { forkExpert } from "../../src/experts/index.ts";
import { type RunReport, rolloutStrip, scenesOf } from "../../src/reports/index.ts";
import { rolloutMany } from "../../src/rollouts/index.ts";
import type { BatchActor } from "../../src/world/index.ts";

/** Steers at 1.5 m/s to a side drawn per chunk, until it is 1.5 m off the middle. */
export const eitherSide: BatchActor = {
  name: "either-side",
  controller: "policy",
  horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 },
  plan: (histories, keys) =>
    Float32Array.from(
      keys.flatMap((key, row) => {
        const y = histories[4 * row + 3];
        const side = randomStream(key).uniform() < 0.5 ? 1 : -1;
        return Array<number>(16).fill(Math.abs(y) > 1.5 ? 0 : 1.5 * (Math.abs(y) > 0.5 ? Math.sign(y) : side));
      }),
    ),
};

export const makeFork = () => forkWorld();

export async function exampleRun(changes: Partial<RunReport> = {}): Promise<RunReport> {
  const episodes = await rolloutMany(makeFork, eitherSide, [1, 2, 3, 4, 5, 6]);
  const error = { rms: 1.25, meanAbsolute: 0.75, steps: 10 };
  const perDimension = [{ name: "lateralRate", unit: "m/s", rms: 1.25, meanAbsolute: 0.75 }];
  return {
    title: "A run",
    summary: "What it is about.",
    command: "npx apprentice train data --head gmm",
    recipe: { kind: "behavioural-cloning", policy: { head: "gmm", hidden: [64, 32] }, learningRate: 0.001 },
    versions: { apprentice: "0.1.0", node: "v20" },
    dataset: { source: "data", digest: "abc123", episodes: 6 },
    losses: Array.from({ length: 100 }, (_, i) => ({ update: 10 * (i + 1), loss: 2 / (i + 1) })),
    heldOut: {
      episodes: 2,
      windows: 50,
      scores: [{ predictor: "gmm", error: { ...error, perDimension }, natsPerDimension: -0.125 }],
    },
    evaluation: judge(episodes),
    checkpoints: [1, 2, 3].map((i) => ({ x: 100 * i, rate: wilson(10 * i, 40) })),
    scenes: await scenesOf({
      makeEnvironment: makeFork,
      actor: eitherSide,
      seeds: [1, 2],
      samples: 5,
      experts: [() => forkExpert()],
    }),
    strips: episodes.slice(0, 2).map((episode) => rolloutStrip(episode, makeFork)),
    notes: ["A scripted planner stands in for a policy."],
    ...changes,
  };
}
