/** Policies to be timed: every head at its default size, on a few demonstrations; how well they act does not matter. */
import {
  type Actor,
  adamw,
  cloneBehaviour,
  type Dataset,
  datasetOf,
  drivingExpert,
  drivingWorld,
  nodeRuntime,
  type Policy,
  powerEma,
  pushTExpert,
  pushTWorld,
  recipeDefaults,
  rollout,
  splitDataset,
  type World,
} from "../../src/index.ts";

/** In the order of the lecture. */
export const HEADS = ["l2", "l1", "huber", "gaussian", "gmm", "autoregressive", "diffusion", "flow"] as const;
export type HeadName = (typeof HEADS)[number];

/** The small U-Net that stands for the literature's. */
export const U_NET = { kind: "u-net", widths: [32, 64, 128], kernel: 5, time: 32 } as const;

async function demonstrations(world: World, expert: Actor, episodes: number): Promise<Dataset> {
  const recorded = [];
  for (let seed = 0; seed < episodes; seed++) recorded.push(await rollout(world, expert, { seed }));
  return datasetOf(recorded, { format: "memory", source: "bench", notes: [] });
}

export function drivingData(episodes: number): Promise<Dataset> {
  const world = drivingWorld({ scenario: "urgent" });
  return demonstrations(world, drivingExpert(world, "left"), episodes);
}

export const pushTData = (episodes: number): Promise<Dataset> => demonstrations(pushTWorld(), pushTExpert(), episodes);

/** The policy with the defaults of task and head after so many updates; with a U-Net in place of its network on demand. */
export function policyAfter(
  dataset: Dataset,
  head: HeadName,
  { updates, uNet = false }: { updates: number; uNet?: boolean },
): Promise<Policy> {
  const { policy, horizons, batchSize, learningRate: rate } = recipeDefaults(dataset.task, head);
  return cloneBehaviour({
    ...{ dataset, horizons, batchSize, updates, seed: 0, runtime: nodeRuntime({ threads: 1 }) },
    split: splitDataset(dataset, { validationFraction: 0.1, seed: 0 }),
    policy: uNet ? { ...policy, network: { ...U_NET, widths: [...U_NET.widths] } } : policy,
    optimizer: adamw({ schedule: { kind: "cosine", rate, warmup: 1, total: updates }, ema: powerEma }),
  });
}
