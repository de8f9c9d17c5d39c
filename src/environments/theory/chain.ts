/**
 * The cliff chain (ALGORITHMS.md 5.2; Ross and Bagnell 2010): a track beside a drop. In every step a sign stands there; from the
 * track it points the way, from below it is seen from behind, so that the way back is the other one. One wrong turn falls
 * off, one right turn comes back, and below every step costs 1.
 */
import { randomStream } from "../../base/index.ts";
import { box, type EnvironmentSpec, type World, worldKey } from "../../world/index.ts";
import { valueWorld } from "../value-world.ts";
import type { ManyEpisodes } from "./many.ts";

export interface ChainOptions {
  readonly maxSteps?: number;
  /** Whether a right turn leads back onto the track; without it nothing does. Default true. */
  readonly wayBack?: boolean;
}

/** `track`: the sign, -1 or 1, and whether the walker is off the track, 0 or 1. The action's side is what counts, not its size. */
function chainSpec(maxSteps: number): EnvironmentSpec {
  return {
    name: "chain",
    observation: {
      track: box({ name: "sign", unit: "1", low: -1, high: 1 }, { name: "off", unit: "1", low: 0, high: 1 }),
    },
    action: box({ name: "turn", unit: "1", low: -1, high: 1 }),
    controlRate: 1,
    maxSteps,
  };
}

/** The turn that leads to the track, or stays on it. */
export const rightTurn = (sign: number, off: number): number => (off ? -sign : sign);

/** Whether a turn leaves the walker off the track. */
const isOffAfter = (sign: number, off: number, turn: number, wayBack: boolean): boolean =>
  turn >= 0 !== rightTurn(sign, off) >= 0 || (off === 1 && !wayBack);

/** Steps whose signs are the bits of one word of the world's stream, the highest first. */
const WORD = 32;
const wordAt = (seed: number, step: number): number => randomStream(worldKey(seed), Math.floor(step / WORD)).bits();
const signIn = (word: number, step: number): number => ((word << (step % WORD)) & (1 << 31) ? 1 : -1);

interface State {
  readonly seed: number;
  readonly off: 0 | 1;
}

/**
 * A chain world. Signs are drawn by the seed. Reward is -1 for a step that ends off the track, else 0; nothing but the clock
 * ends an episode; success is to be on the track then.
 */
export function chainWorld({ maxSteps = 64, wayBack = true }: ChainOptions = {}): World {
  const signOf = ({ seed }: State, steps: number) => signIn(wordAt(seed, steps), steps);
  return valueWorld<State>({
    spec: chainSpec(maxSteps),
    begin: (seed) => ({ seed, off: 0 }),
    advance: (before, action, steps) => ({
      seed: before.seed,
      off: isOffAfter(signOf(before, steps), before.off, action[0], wayBack) ? 1 : 0,
    }),
    observe: (now, steps) => ({ track: Float32Array.of(signOf(now, steps), now.off) }),
    reward: ({ off }) => 0 - off,
    describe: ({ off }, steps) => ({ success: steps >= maxSteps && off === 0 }),
    read: ({ seed, off }) => (typeof seed === "number" && (off === 0 || off === 1) ? { seed, off } : null),
  });
}

/** The same world, an episode per seed side by side: equal to `chainWorld` step by step. */
export function manyChains(
  seeds: readonly number[],
  { maxSteps = 64, wayBack = true }: ChainOptions = {},
): ManyEpisodes {
  const words = Uint32Array.from(seeds, (seed) => wordAt(seed, 0));
  const off = new Uint8Array(seeds.length);
  let steps = 0;
  return {
    spec: chainSpec(maxSteps),
    count: seeds.length,
    observe(out) {
      for (let i = 0; i < off.length; i++) {
        out[2 * i] = signIn(words[i], steps);
        out[2 * i + 1] = off[i];
      }
    },
    step(actions, costs) {
      for (let i = 0; i < off.length; i++) {
        off[i] = isOffAfter(signIn(words[i], steps), off[i], actions[i], wayBack) ? 1 : 0;
        costs[i] = off[i];
      }
      steps += 1;
      if (steps % WORD !== 0) return;
      for (let i = 0; i < off.length; i++) words[i] = wordAt(seeds[i], steps);
    },
  };
}
