/** How an operator model foresees mistakes: by the world's own future, or by things no longer getting better. */
import { type Actor, clampTo, type StepResult, type World } from "../world/index.ts";
import { hasElapsed } from "./elapsed.ts";
import type { Foresight } from "./operator.ts";

export interface ForkForesight {
  /** A second world of the same spec, and an expert that looks into that one, answers at once and keeps no memory. */
  readonly fork: World;
  readonly expert: Actor;
  /** s for which what is being done now is imagined to go on. */
  readonly horizon: number;
  /** s for which the expert is imagined to save the situation afterwards. */
  readonly rescue: number;
  /** Steps from one look to the next at least; in between the last judgement stands. */
  readonly every: number;
}

/**
 * Danger is where, were what is done now to go on for `horizon` seconds, the expert could not save the episode afterwards: in
 * a fork of the world it then fails within `rescue` seconds. A model of a person who knows what can still be saved; nobody
 * sees the future that exactly.
 */
export function forkForesight(world: World, { fork, expert, horizon, rescue, every }: ForkForesight): Foresight {
  const { controlRate } = world.spec;
  const [ahead, saving] = [horizon, rescue].map((seconds) => Math.round(seconds * controlRate));
  if (!(ahead >= 1)) throw new RangeError(`foresight: horizon: found ${horizon} s, expected a step or more`);
  const byExpert = (now: StepResult | null) => expert.act((now as StepResult).observation) as Float32Array;
  if (!(Number.isInteger(every) && every >= 1)) {
    throw new RangeError(`foresight: every: found ${every}, expected an integer >= 1`);
  }
  let last = false;
  let looked: number | null = null;
  return {
    reset() {
      expert.reset(0);
      fork.reset(0);
      [last, looked] = [false, null];
    },
    isDanger({ step }, doing) {
      if (looked !== null && step - looked < every) return last;
      looked = step;
      fork.restore(world.snapshot());
      const first = imagine(fork, ahead, null, () => doing);
      last = first.failed ?? imagine(fork, saving, first.now, byExpert).failed ?? false;
      return last;
    },
  };
}

/** What comes of acting for so many steps from `now`: whether the episode ended and failed, null where it goes on. */
function imagine(
  world: World,
  steps: number,
  now: StepResult | null,
  act: (now: StepResult | null) => Float32Array,
): { failed: boolean | null; now: StepResult | null } {
  for (let step = 0; step < steps; step++) {
    now = world.step(clampTo(world.spec.action, act(now)));
    if (now.terminated || now.truncated) return { failed: !now.info.success, now };
  }
  return { failed: null, now };
}

export interface StallForesight {
  /** s without a new greatest reward after which something is taken to be wrong. */
  readonly patience: number;
  /** How much greater a reward has to be to count. */
  readonly least: number;
}

/** Danger is where nothing has got better for a while: for tasks that are failed by never being finished. */
export function stallForesight({ patience, least }: StallForesight): Foresight {
  let [greatest, since] = [Number.NEGATIVE_INFINITY, 0];
  return {
    reset() {
      [greatest, since] = [Number.NEGATIVE_INFINITY, 0];
    },
    isDanger({ reward, time }) {
      if (reward !== null && reward > greatest + least) [greatest, since] = [reward, time];
      return hasElapsed(patience, since, time);
    },
  };
}
