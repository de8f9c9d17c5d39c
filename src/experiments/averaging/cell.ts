/** One cell: demonstrations, a policy cloned from them, and what it is worth in their scene. */
import { cloneBehaviour } from "../../algorithms/index.ts";
import { type Dataset, datasetOf, splitDataset } from "../../datasets/index.ts";
import { type DrivingWorld, drivingWorld } from "../../environments/index.ts";
import { type Evaluation, evaluate } from "../../evaluation/index.ts";
import { drivingExpert } from "../../experts/index.ts";
import { exportPolicy, openPolicy, type Policy } from "../../policies/index.ts";
import { cloningOptimizer } from "../../recipes/index.ts";
import { rollout } from "../../rollouts/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import type { Work, WorkContext } from "../../workers/index.ts";
import { type Episode, episodeSeeds } from "../../world/index.ts";
import { type CellRows, rateOf } from "../cells.ts";
import { type Cell, type Measured, STYLES, settingsOf } from "./settings.ts";

/** Rows that a policy plans at once while it is judged, at most. */
const BATCH = 64;

/** The work of a thread (src/workers): of the experiment, which keeps the numbers. */
export const work = (): Work<Cell, CellRows> => ({
  run: async (cell, context) => (await runCell(cell, context)).rows,
});

/** A cell with its policy, as the bytes of its file. */
export type FinishedCell = { readonly rows: CellRows; readonly policy: Uint8Array };

/** The same of the lesson, which keeps the policies too. */
export const lessonWork = (): Work<Cell, FinishedCell> => ({ run: runCell });

/** How far a cell's training is, as it reports. */
export type CellProgress = { readonly update: number; readonly updates: number };

async function runCell(cell: Cell, { report, signal }: WorkContext): Promise<FinishedCell> {
  const { method, style, scene, seed } = cell;
  const dataset = await demonstrate(cell);
  const started = performance.now();
  const policy = await clone(cell, dataset, (update, updates) => {
    signal.throwIfAborted();
    report({ update, updates } satisfies CellProgress);
  });
  const seconds = (performance.now() - started) / 1000;
  const evaluation = await judge(policy, cell);
  const rows = [
    {
      style,
      scene,
      method,
      seed,
      ...measured(evaluation),
      trainingSeconds: Math.round(seconds),
      succeeded: evaluation.perSeed.map(({ success }) => (success ? "1" : "0")).join(""),
    },
  ];
  return { rows, policy: exportPolicy(policy) };
}

/** The demonstrations of a cell; of two styles each drives every other episode. */
export async function demonstrate({ style, scene, seed, demonstrations }: Cell): Promise<Dataset> {
  const drivers = STYLES[style];
  const world = drivingWorld({ scenario: scene });
  const experts = drivers.map((driver) => drivingExpert(world, driver));
  const episodes: Episode[] = [];
  for (const [i, episodeSeed] of episodeSeeds("demonstrations", seed, demonstrations).entries()) {
    episodes.push(await rollout(world, experts[i % experts.length], { seed: episodeSeed }));
  }
  return datasetOf(episodes, { format: "rollouts", source: `scripted ${drivers.join(", ")}`, notes: [] });
}

/** The first step of an episode at which the obstacle is there; its last where that is never. */
export function stepOfObstacle({ seed, action, length, spec }: Episode, world: DrivingWorld): number {
  const size = spec.action.names.length;
  world.reset(seed);
  for (let step = 0; step < length - 1; step++) {
    if (world.scene().obstacles.length > 0) return step;
    world.step(action.slice(step * size, (step + 1) * size));
  }
  return length - 1;
}

/** The policy of a cell. */
export function clone(
  cell: Cell,
  dataset: Dataset,
  onProgress: (update: number, updates: number) => void = () => {},
): Promise<Policy> {
  const settings = settingsOf(cell);
  const { validationFraction, splitSeed } = settings;
  return cloneBehaviour({
    ...settings,
    dataset,
    split: splitDataset(dataset, { validationFraction, seed: splitSeed }),
    optimizer: cloningOptimizer(settings),
    runtime: nodeRuntime({ threads: 1 }),
    onProgress: ({ update, updates }) => onProgress(update, updates),
  });
}

async function judge(policy: Policy, { scene, episodes, evaluationSeed }: Cell): Promise<Evaluation> {
  const batch = Math.min(BATCH, episodes);
  const planner = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch }));
  try {
    return await evaluate({
      makeEnvironment: () => drivingWorld({ scenario: scene }),
      planner,
      seeds: episodeSeeds("evaluation", evaluationSeed, episodes),
      together: batch,
    });
  } finally {
    await planner.close();
  }
}

/** Rates as results state them. */
function measured({ success, metrics, modes }: Evaluation): Measured {
  const named = (name: string) => rateOf(metrics[name] as Evaluation["success"]);
  return {
    success: rateOf(success),
    obstacleCollision: named("obstacleCollision"),
    departure: named("departure"),
    left: rateOf(modes.left),
    right: rateOf(modes.right),
  };
}
