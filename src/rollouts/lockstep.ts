/**
 * The loop of policies, with and without somebody beside them: plan, watch, decide who drives, act, step, record, for many
 * environments together. Simulations, scripted operators and a person at the wheel go through this loop alike.
 */
import { type BatchActor, checkHorizons, type Environment, type Episode } from "../world/index.ts";
import { advance } from "./advance.ts";
import type { Execution } from "./execution.ts";
import { checkGate, type Gate } from "./gate.ts";
import { type Lane, startLane } from "./lane.ts";
import { type Beginning, type Outcome, type Recording, recordEpisode, recordOutcome } from "./recording.ts";
import type { Moment, Supervisor } from "./supervisor.ts";

export interface LockstepOptions {
  /** Default: receding horizon. */
  readonly execution?: Execution;
  /** How many environments advance together, and the largest batch that the planner sees. Default: all. */
  readonly together?: number;
  /** After each episode: how many have ended. */
  readonly onProgress?: (ended: number, total: number) => void;
}

export interface SupervisionOptions extends LockstepOptions {
  /**
   * Who stands beside the policy in an environment; the episodes played there have the same one after another. Left out:
   * nobody, a gate alone reads.
   */
  readonly makeSupervisor?: (environment: Environment) => Supervisor;
  /** What asks for help by itself. Its readings are recorded, what they are held against, and whether it asks ("alarm"). */
  readonly gate?: Gate;
  /** Recorded with every step. */
  readonly policyVersion?: string;
  /**
   * Sees the moments of all episodes that run, in every tick before any supervisor requests: for who shares few operators
   * among many policies. New episodes then begin as soon as others end.
   */
  readonly survey?: (moments: ReadonlyMap<Supervisor, Moment>) => void;
  /**
   * Ticks, each a step of all that run, after which everything stops: episodes in the midst of it are kept as they are,
   * neither terminated nor truncated. Default: when all seeds have been played.
   */
  readonly ticks?: number;
  /** Each episode as soon as it is over, and who stood beside it; the loop waits for it. */
  readonly onEpisode?: (episode: Episode, index: number, supervisor: Supervisor | null) => void | Promise<void>;
}

/**
 * One episode per seed, in the order of `seeds`: up to `together` environments advance together, so that `planner` is asked
 * once for all that need a plan; where an episode ends, the next seed takes its place. Each executes the slice
 * [To-1, To-1+Ta) of its chunk open loop, then plans again, or as `execution` says; the first observation fills the history
 * (ALGORITHMS.md 4.6). An episode is the same whatever runs beside it, as far as the planner computes its rows alike
 * wherever they are. Throws Error for an action that is not finite and RangeError for chunks of the wrong size.
 */
export function rolloutMany(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: LockstepOptions = {},
): Promise<Episode[]> {
  return inLockstep(makeEnvironment, planner, seeds, options, recordEpisode);
}

/** The same, of which nothing is kept but how each episode went: for evaluations, in little memory. */
export function rolloutManyForOutcomes(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: LockstepOptions = {},
): Promise<Outcome[]> {
  return inLockstep(makeEnvironment, planner, seeds, options, recordOutcome);
}

/**
 * The same with a supervisor beside the policy in every episode, or a gate, or both. Each step goes: plan where a chunk is
 * used up, let the gate read, ask the supervisor what it requests, plan anew where that changed who drives, act, record.
 * Steps hold what the policy proposed, the expert's label, who drove, and what the gate read. Throws also where the expert
 * drives without an action, and RangeError for a gate whose rule does not fit its score.
 */
export async function supervise(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: SupervisionOptions,
): Promise<Episode[]> {
  if (options.gate) checkGate(options.gate);
  const { ticks } = options;
  if (ticks !== undefined && !(Number.isInteger(ticks) && ticks >= 0)) {
    throw new RangeError(`ticks: found ${ticks}, expected an integer >= 0`);
  }
  return inLockstep(makeEnvironment, planner, seeds, options, recordEpisode);
}

type Options<Kept> = LockstepOptions &
  Partial<Omit<SupervisionOptions, "onEpisode">> & {
    readonly onEpisode?: (kept: Kept, index: number, supervisor: Supervisor | null) => void | Promise<void>;
  };

async function inLockstep<Kept>(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: Options<Kept>,
  record: (beginning: Beginning) => Recording<Kept>,
): Promise<Kept[]> {
  const { execution = { kind: "receding" }, together = seeds.length, onProgress, onEpisode } = options;
  const { makeSupervisor, gate = null, policyVersion, survey = null, ticks = Number.POSITIVE_INFINITY } = options;
  checkHorizons(planner.horizons);
  if (seeds.length > 0 && !(Number.isInteger(together) && together >= 1)) {
    throw new RangeError(`together: found ${together}, expected an integer >= 1`);
  }
  const results: Kept[] = [];
  let [next, ended] = [0, 0];
  const start = (environment: Environment, supervisor: Supervisor | null) => {
    const index = next++;
    gate?.score.start(index);
    const seed = seeds[index];
    const rule = gate?.rule ?? null;
    return startLane({ index, seed, environment, supervisor, rule, planner, execution, policyVersion, record });
  };
  const end = async ({ recording, index, supervisor }: Lane<Kept>) => {
    const kept = recording.kept();
    results[index] = kept;
    await onEpisode?.(kept, index, supervisor);
    onProgress?.(++ended, seeds.length);
  };

  let lanes: Lane<Kept>[] = [];
  while (next < Math.min(together, seeds.length)) {
    const environment = makeEnvironment();
    lanes.push(await start(environment, makeSupervisor?.(environment) ?? null));
  }
  // New episodes begin only where chunks do, so that those that nobody supervises stay in step and are planned together.
  const stride = survey ? 1 : (lanes[0]?.executor.stride ?? 1);
  for (let tick = 1; lanes.length > 0 && tick <= ticks; tick++) {
    await advance(
      lanes.filter(({ recording }) => !recording.ended),
      { planner, gate, execution, survey },
    );
    if (tick % stride !== 0 && lanes.some(({ recording }) => !recording.ended)) continue;
    const running: Lane<Kept>[] = [];
    for (const lane of lanes) {
      if (!lane.recording.ended) {
        running.push(lane);
        continue;
      }
      await end(lane);
      if (next < seeds.length && tick < ticks) running.push(await start(lane.environment, lane.supervisor));
    }
    lanes = running;
  }
  // Those that are left were stopped; what has no step is no episode, and has left a hole.
  for (const lane of lanes) if (lane.recording.length > 0) await end(lane);
  return Object.values(results);
}
