/** One environment among those that advance together, in one of its episodes: what is planned there and who drives. */
import { foldIn, type Key } from "../base/index.ts";
import { actorKey, type BatchActor, clampTo, type Environment } from "../world/index.ts";
import { DRIVERS, flushes, type Phase } from "./control.ts";
import { createExecutor, type Execution, type Executor } from "./execution.ts";
import { createWatch, type GateRule, type Watch } from "./gate.ts";
import { createHistory, type History } from "./history.ts";
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
  phase: Phase;
  executor: Executor;
  plan: Plan | null;
  /** What the gate read in this step, and in any. */
  readings: Record<string, number> | null;
  lastReadings: Record<string, number>;
  /** What the expert said in this step; undefined while it was not asked. */
  answer: Answer | null | undefined;
}

export interface LaneStart<Kept> {
  readonly index: number;
  readonly seed: number;
  readonly environment: Environment;
  readonly supervisor: Supervisor | null;
  readonly rule: GateRule | null;
  readonly planner: BatchActor;
  readonly execution: Execution;
  readonly policyVersion: string | undefined;
  readonly record: (beginning: Beginning) => Recording<Kept>;
}

export async function startLane<Kept>(start: LaneStart<Kept>): Promise<Lane<Kept>> {
  const { index, seed, environment, supervisor, rule, planner, execution, policyVersion, record } = start;
  const { spec } = environment;
  const { horizons } = planner;
  supervisor?.reset(seed);
  const first = await environment.reset(seed);
  const history = createHistory(spec.observation, horizons.observationHorizon);
  history.start(first.observation);
  const actor = supervisor ? { name: `${planner.name}, ${supervisor.name}`, controller: planner.controller } : planner;
  return {
    index,
    environment,
    recording: record({ spec, seed, actor, first, policyVersion, ...(supervisor && { operator: supervisor.name }) }),
    history,
    key: actorKey(seed),
    supervisor,
    watch: rule && createWatch(rule),
    phase: "policy",
    executor: createExecutor(execution, horizons, spec.action.names.length),
    plan: null,
    readings: null,
    lastReadings: {},
    answer: undefined,
  };
}

/** Whether the policy is to be asked before the next step: where it drives, and for a gate to look at. */
export function wantsPlan(lane: Lane<unknown>): boolean {
  if (lane.plan && lane.plan.place < lane.executor.stride) return false;
  return lane.watch !== null || DRIVERS[lane.phase] === "policy";
}

/** The key of what is planned or read in this step. */
export const keyNow = ({ key, recording }: Lane<unknown>): Key => foldIn(key, recording.length);

/** What the policy proposes for this step [Da], clamped; null where it was not asked. */
export function proposedNow({ plan, executor, environment }: Lane<unknown>): Float32Array | null {
  if (!plan || plan.place >= executor.stride) return null;
  const { action } = environment.spec;
  const start = plan.offset + plan.place * action.names.length;
  return clampTo(action, plan.actions.subarray(start, start + action.names.length));
}

export function momentOf(lane: Lane<unknown>): Moment {
  const { recording, phase, plan, watch, lastReadings, environment } = lane;
  return {
    step: recording.length,
    time: recording.length / environment.spec.controlRate,
    observation: recording.observation,
    phase,
    proposed: proposedNow(lane),
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
