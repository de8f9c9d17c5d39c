/** Whether the greatest reward of an episode says anything. */
import type { Evaluation } from "../evaluation/index.ts";

/** Where no step of any episode is worth half of what there is to be had, rewards are parts of a sum: no score. */
export const isScored = ({ perSeed }: Evaluation): boolean => perSeed.some(({ maxReward }) => maxReward >= 0.5);
