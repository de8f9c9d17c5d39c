/**
 * The loop where somebody watches it live: episodes that a caller begins at a seed or at any moment of another, advances step by
 * step, and leaves when it likes. Each step is handed on as it happens, and another policy can take over in the midst of it.
 * What happens in a step is `advance`'s, as everywhere.
 */
import { type BatchActor, checkHorizons, type Observation, type World } from "../world/index.ts";
import { advance } from "./advance.ts";
import { DRIVERS, type Phase } from "./control.ts";
import type { Execution } from "./execution.ts";
import { checkGate, type Gate, type Readings } from "./gate.ts";
import { historyOf } from "./history.ts";
import { beginWay, type Lane, type Origin, startLane, type Way } from "./lane.ts";
import { type End, recordSteps, type StreamedStep } from "./recording.ts";
import type { Supervisor } from "./supervisor.ts";

/** A policy with what belongs to it. */
export interface LivePolicy {
  readonly planner: BatchActor;
  /** Recorded with every step while it is the lane's, whoever drives. */
  readonly version: string | null;
  readonly gate: Gate | null;
  /** Default: receding horizon. */
  readonly execution?: Execution;
}

/** A step with all that is known of it when it has been taken; the wall clock is the recorder's. */
export interface LiveStep extends StreamedStep {
  /** The person beside the policy, or at the wheel; null where there is none. */
  readonly operator: string | null;
  readonly policyVersion: string | null;
}

export interface LiveStart {
  /** Of this episode alone: gates keep what they know of it under this number. */
  readonly index: number;
  readonly seed: number;
  readonly world: World;
  /** Where the episode begins, if not where the world's reset with `seed` does. */
  readonly origin?: Origin;
  readonly supervisor: Supervisor;
  /** Null: the supervisor drives, or nobody. */
  readonly policy: LivePolicy | null;
  readonly phase: Phase;
  /** Asked in every step. */
  readonly operator: () => string | null;
  /** Each step, once the world has taken it. */
  readonly onStep: (step: LiveStep) => void;
}

/** An episode while it happens. */
export interface LiveLane {
  readonly seed: number;
  readonly world: World;
  readonly policy: LivePolicy | null;
  readonly phase: Phase;
  /** Steps so far, how the last one ended, and what the world said with it. */
  readonly end: End;
  /** All that was seen, oldest first; the last is what the next action answers to. It only grows. */
  readonly seen: readonly Observation[];
  /** Whether the gate asks for help, and what it read last, with its thresholds. */
  readonly alarmed: boolean;
  readonly readings: Readings;
  /** The chunk [Tp, Da] under way, and the step in which it was planned. */
  readonly plan: { readonly step: number; readonly chunk: Float32Array } | null;
  /** What the policy looks back on in a step up to now [To, Do]. */
  historyAt(step: number): Float32Array;
  /**
   * Gives the lane another policy between two steps: the chunk is dropped, its history is what was seen, its gate begins anew.
   * Null takes the policy away; where it drove, the world stands. Throws RangeError for horizons or a gate that do not fit.
   */
  swap(policy: LivePolicy | null): void;
  /** The loop's own. */
  readonly lane: Lane<End>;
}

/** Begins an episode. Throws RangeError where the policy's horizons or gate do not fit, or it would drive and there is none. */
export async function startLive(start: LiveStart): Promise<LiveLane> {
  const { index, seed, world, origin, supervisor, phase, operator, onStep } = start;
  let { policy } = start;
  check(policy);
  if (!policy && DRIVERS[phase] === "policy") throw new RangeError(`live: phase "${phase}" without a policy`);
  policy?.gate?.score.start(index);
  const seen: Observation[] = [...(origin?.before ?? [])];
  let lane = await startLane<End>({
    ...{ index, seed, environment: world, supervisor, origin, phase, policyVersion: undefined },
    ...wayOf(policy),
    record: (beginning) =>
      recordSteps(
        { ...beginning, ...(!policy && { actor: { name: supervisor.name, controller: "expert" } }) },
        (step, next) => {
          onStep({ ...step, operator: operator(), policyVersion: policy?.version ?? null });
          seen.push(next);
        },
      ),
  });
  seen.push(lane.recording.observation);
  return {
    seed,
    world,
    seen,
    get policy() {
      return policy;
    },
    get phase() {
      return lane.phase;
    },
    get end() {
      return lane.recording.kept();
    },
    get alarmed() {
      return lane.watch?.alarmed ?? false;
    },
    get readings() {
      return lane.lastReadings;
    },
    get plan() {
      const { plan, recording } = lane;
      return plan && { step: recording.length - plan.place, chunk: plan.chunk };
    },
    historyAt(step) {
      const later = lane.recording.length - step;
      const { observationHorizon } = plannerOf(policy).horizons;
      return historyOf(world.spec.observation, observationHorizon, seen.slice(0, seen.length - later)).values;
    },
    get lane() {
      return lane;
    },
    swap(next) {
      check(next);
      next?.gate?.score.start(index);
      policy = next;
      const phase = DRIVERS[lane.phase] !== "policy" ? lane.phase : next ? "policy" : "paused";
      lane = { ...lane, ...beginWay(wayOf(next), world.spec, seen), phase };
    },
  };
}

/**
 * One step of lanes that have not ended, all of one policy. Whoever drives may answer later; meanwhile nothing of them may be
 * changed. Where it throws, some lanes may have taken the step and others not; each is whole.
 */
export async function advanceLive(lanes: readonly LiveLane[]): Promise<void> {
  if (lanes.length === 0) return;
  const [{ policy }] = lanes;
  if (lanes.some((lane) => lane.policy !== policy))
    throw new RangeError("live: lanes of several policies, expected one");
  const { planner, execution } = wayOf(policy);
  await advance(
    lanes.map(({ lane }) => lane),
    { planner, execution, gate: policy?.gate ?? null, survey: null },
  );
}

function check(policy: LivePolicy | null): void {
  if (!policy) return;
  checkHorizons(policy.planner.horizons);
  if (policy.gate) checkGate(policy.gate);
}

const plannerOf = (policy: LivePolicy | null): BatchActor => policy?.planner ?? NOBODY;
const wayOf = (policy: LivePolicy | null): Way => ({
  planner: plannerOf(policy),
  execution: policy?.execution ?? { kind: "receding" },
  rule: policy?.gate?.rule ?? null,
});

/** Stands where there is no policy: it is never asked, for it never drives. */
const NOBODY: BatchActor = {
  name: "nobody",
  controller: "policy",
  horizons: { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 },
  plan() {
    throw new Error("there is no policy, and it was asked to plan");
  },
};
