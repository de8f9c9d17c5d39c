/** What a trained policy really does in a small world: how often or how much it errs where, and what that costs over T steps. */
import { type Mean, meanOfValues, type Rate, wilson } from "../../base/index.ts";
import { exportPolicy, openPolicy, type Policy, type PolicyActor } from "../../policies/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { episodeSeeds } from "../../world/index.ts";
import { play } from "./play.ts";
import { SMALL_WORLDS, type TheoryCell, type WorldName } from "./settings.ts";

/** Episodes that are played side by side, and rows that the policy is asked about at once. */
const TOGETHER = 4000;

/** What was counted of a policy's answers in one kind of state. */
export interface Count {
  readonly asked: number;
  /** Sum of the errors: wrong turns, or m. */
  readonly errors: number;
}

/** Errors on states that the expert leads to, and on those that it never does; and how actions depend on observations. */
export interface Answers {
  readonly on: Count;
  readonly off: Count;
  /** Least-squares slope of the action over the first number that is seen. */
  readonly slope: number;
}

export const rateOf = ({ asked, errors }: Count): Rate => wilson(errors, asked);

/** Opens the policy for as many rows as are asked about at once. */
export const openFor = (policy: Policy, episodes: number): Promise<PolicyActor> =>
  openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch: Math.min(TOGETHER, episodes) }));

interface Place {
  readonly world: WorldName;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly signal: AbortSignal;
}

/** How a policy answers in episodes that it drives itself, or the expert. */
export async function answersOf(
  planner: PolicyActor,
  driver: "policy" | "expert",
  { world, seeds, steps, signal }: Place,
): Promise<Answers> {
  const { right, error, isOff, many } = SMALL_WORLDS[world];
  const size = planner.metadata.observation.names.length;
  const on = { asked: 0, errors: 0 };
  const off = { asked: 0, errors: 0 };
  const moments = { x: 0, y: 0, xx: 0, xy: 0 };
  const onAsked = (observations: Float32Array, actions: Float32Array) => {
    for (let i = 0; i < actions.length; i++) {
      const count = isOff(observations, i * size) ? off : on;
      count.asked += 1;
      count.errors += error(actions[i], right(observations, i * size));
      const [x, y] = [observations[i * size], actions[i]];
      moments.x += x;
      moments.y += y;
      moments.xx += x * x;
      moments.xy += x * y;
    }
  };
  for (const group of grouped(seeds)) {
    signal.throwIfAborted();
    await play(planner, many(group, steps), { seeds: group, steps, right, driver, onAsked });
  }
  const asked = on.asked + off.asked;
  const spread = moments.xx - moments.x ** 2 / asked;
  return { on, off, slope: (moments.xy - (moments.x * moments.y) / asked) / spread };
}

/** The mean cost of an episode, over those of `seeds`. */
export async function costOf(planner: PolicyActor, { world, seeds, steps, signal }: Place): Promise<Mean> {
  const { right, many } = SMALL_WORLDS[world];
  const costs = new Float64Array(seeds.length);
  let first = 0;
  for (const group of grouped(seeds)) {
    signal.throwIfAborted();
    costs.set(await play(planner, many(group, steps), { seeds: group, steps, right, driver: "policy" }), first);
    first += group.length;
  }
  return meanOfValues(costs);
}

function grouped(seeds: readonly number[]): number[][] {
  const groups: number[][] = [];
  for (let start = 0; start < seeds.length; start += TOGETHER) groups.push(seeds.slice(start, start + TOGETHER));
  return groups;
}

/** Seeds of the episodes of the i-th length for a training seed: none is of two lengths. */
export const costSeeds = ({ episodes }: Pick<TheoryCell, "episodes">, seed: number, i: number): number[] =>
  episodeSeeds("evaluation", 100 * seed + i, episodes);

export const measuredSeeds = ({ measured }: Pick<TheoryCell, "measured">, seed: number): number[] =>
  episodeSeeds("selection", seed, measured);
