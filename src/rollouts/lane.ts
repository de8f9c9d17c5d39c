/** One environment among those that advance together, in one of its episodes: what is planned there and who drives. */
import { foldIn, type Key } from "../base/index.ts";
import {
  actorKey,
  type BatchActor,
  clampTo,
  type Environment,
  type EnvironmentSpec,
  type Observation,
  type Snapshot,
  type World,
} from "../world/index.ts";
import { DRIVERS, flushes, type Phase } from "./control.ts";
import { createExecutor, type Execution, type Executor } from "./execution.ts";
import { createWatch, type GateRule, type Readings, recordedThresholds, type Watch } from "./gate.ts";
import { type History, historyOf } from "./history.ts";
import type { Beginning, Recording } from "./recording.ts";
import type { Answer, Moment, Supervisor } from "./supervisor.ts";

/** The actions of the steps to come, and how many of them have been executed. */
interface Plan {
  readonly chunk: Float32Array;
  readonly actions: Float32Array;
  readonly offset: number;
  place: number;
}

export interface Lane<Kept> {
  /** Of its seed among all. */
  readonly index: number;
  readonly environment: Environment;
  readonly recording: Recording<Kept>;
  readonly history: History;
  readonly key: Key;
  readonly supervisor: Supervisor | null;
  readonly watch: Watch | null;
  /** The thresholds of the gate's rule, as they are recorded beside what it reads. */
  readonly thresholds: Readings;
  phase: Phase;
  executor: Executor;
  plan: Plan | null;
  /** What the policy proposed in this step [Da]: kept also where the expert then takes over and the plan is dropped. */
  proposed: Float32Array | null;
  /** What the gate read in this step, and in any; and what it read too late to be heeded in the step that it was read in. */
  readings: Readings | null;
  lastReadings: Readings;
  unheeded: Readings | null;
  /** What the expert said in this step; undefined while it was not asked. */
  answer: Answer | null | undefined;
}

/** Whose plans a lane goes by, how they are carried out, and what watches them. */
export interface Way {
  readonly planner: BatchActor;
  readonly execution: Execution;
  readonly rule: GateRule | null;
}

export interface LaneStart<Kept> extends Way {
  readonly index: number;
  readonly seed: number;
  readonly environment: Environment;
  readonly supervisor: Supervisor | null;
  readonly policyVersion: string | undefined;
  readonly record: (beginning: Beginning) => Recording<Kept>;
  /** Default: the policy drives. */
  readonly phase?: Phase;
  /** Where the environment is a World: default is its reset with the seed. */
  readonly origin?: Origin;
}

/** A moment in the midst of an episode, from which another one begins. */
export interface Origin {
  readonly snapshot: Snapshot;
  /** What was seen before it, oldest first: what of it a policy looks back on is its history. */
  readonly before: readonly Observation[];
}

export async function startLane<Kept>(start: LaneStart<Kept>): Promise<Lane<Kept>> {
  const { index, seed, environment, supervisor, planner, policyVersion, record, phase, origin } = start;
  const { spec } = environment;
  supervisor?.reset(seed);
  const first = await (origin ? (environment as World).restore(origin.snapshot) : environment.reset(seed));
  const seen = [...(origin?.before ?? []), first.observation];
  const actor = supervisor ? { name: `${planner.name}, ${supervisor.name}`, controller: planner.controller } : planner;
  return {
    index,
    environment,
    recording: record({ spec, seed, actor, first, policyVersion, ...(supervisor && { operator: supervisor.name }) }),
    key: actorKey(seed),
    supervisor,
    phase: phase ?? "policy",
    ...beginWay(start, spec, seen),
    proposed: null,
    answer: undefined,
  };
}

/** What a lane holds of whose plans it goes by, where it begins to, having seen so much: nothing planned, nothing read. */
export function beginWay({ planner, execution, rule }: Way, spec: EnvironmentSpec, seen: readonly Observation[]) {
  const { horizons } = planner;
  return {
    history: historyOf(spec.observation, horizons.observationHorizon, seen),
    executor: createExecutor(execution, horizons, spec.action.names.length),
    watch: rule && createWatch(rule),
    thresholds: rule ? recordedThresholds(rule) : {},
    plan: null,
    readings: null,
    lastReadings: {},
    unheeded: null,
  };
}

/** Whether the policy is to be asked before the next step: where it drives, and for a gate to look at; not where all stands. */
export function wantsPlan(lane: Lane<unknown>): boolean {
  if (lane.phase === "paused" || (lane.plan && lane.plan.place < lane.executor.stride)) return false;
  return lane.watch !== null || DRIVERS[lane.phase] === "policy";
}

/** The key of what is planned or read in this step. */
export const keyNow = ({ key, recording }: Lane<unknown>): Key => foldIn(key, recording.length);

/** Takes note of what the plan says of this step, clamped; where there is none, what was noted in the step stays. */
export function notePlan(lane: Lane<unknown>): void {
  const { plan, environment } = lane;
  if (!plan) return;
  const { action } = environment.spec;
  const start = plan.offset + plan.place * action.names.length;
  lane.proposed = clampTo(action, plan.actions.subarray(start, start + action.names.length));
}

export function momentOf(lane: Lane<unknown>): Moment {
  const { recording, phase, plan, proposed, watch, lastReadings, environment } = lane;
  return {
    step: recording.length,
    time: recording.length / environment.spec.controlRate,
    observation: recording.observation,
    reward: recording.reward,
    phase,
    proposed,
    planned: plan?.place === 0,
    alarmed: watch?.alarmed ?? false,
    readings: lastReadings,
  };
}

/** The new phase; where who drives has changed, what was planned is dropped. */
export function moveTo(lane: Lane<unknown>, phase: Phase, makeExecutor: () => Executor): void {
  if (flushes(lane.phase, phase)) {
    lane.plan = null;
    lane.executor = makeExecutor();
  }
  lane.phase = phase;
}
