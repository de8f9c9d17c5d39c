/**
 * The loop of policies, with and without somebody beside them: plan, watch, decide who drives, act, step, record, for many
 * environments together. Simulations, scripted operators and a person at the wheel go through this loop alike.
 */
import { foldIn, joined } from "../base/index.ts";
import { type BatchActor, checkHorizons, type Environment, type Episode, type StepResult } from "../world/index.ts";
import { afterRequests, DRIVERS, type Request } from "./control.ts";
import { createExecutor, type Execution } from "./execution.ts";
import type { Gate } from "./gate.ts";
import { keyNow, type Lane, momentOf, moveTo, proposedNow, startLane, wantsPlan } from "./lane.ts";
import { isLater } from "./later.ts";
import { type Acted, type Beginning, type Outcome, type Recording, recordEpisode, recordOutcome } from "./recording.ts";
import type { Answer, Supervisor } from "./supervisor.ts";

export interface LockstepOptions {
  /** Default: receding horizon. */
  readonly execution?: Execution;
  /** How many environments advance together, and the largest batch that the planner sees. Default: all. */
  readonly together?: number;
  /** After each episode: how many have ended. */
  readonly onProgress?: (ended: number, total: number) => void;
}

export interface SupervisionOptions extends LockstepOptions {
  /** Who stands beside the policy in an environment; the episodes played there have the same one after another. */
  readonly makeSupervisor: (environment: Environment) => Supervisor;
  /** What asks for help by itself. Its readings are recorded. */
  readonly gate?: Gate;
  /** Recorded with every step. */
  readonly policyVersion?: string;
  /** Each episode as soon as it has ended; the loop waits for it. */
  readonly onEpisode?: (episode: Episode, index: number) => void | Promise<void>;
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
 * The same with a supervisor beside the policy in every episode. Each step goes: plan where a chunk is used up, let the gate
 * read, ask the supervisor what it requests, plan anew where that changed who drives, act, record. Steps hold what the
 * policy proposed, the expert's label, who drove, and what the gate read. Throws also where the expert drives without an
 * action.
 */
export function supervise(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: SupervisionOptions,
): Promise<Episode[]> {
  return inLockstep(makeEnvironment, planner, seeds, options, recordEpisode);
}

type Options<Kept> = LockstepOptions &
  Partial<Omit<SupervisionOptions, "onEpisode">> & {
    readonly onEpisode?: (kept: Kept, index: number) => void | Promise<void>;
  };

async function inLockstep<Kept>(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: Options<Kept>,
  record: (beginning: Beginning) => Recording<Kept>,
): Promise<Kept[]> {
  const { execution = { kind: "receding" }, together = seeds.length, onProgress, onEpisode } = options;
  const { makeSupervisor, gate = null, policyVersion } = options;
  checkHorizons(planner.horizons);
  if (seeds.length > 0 && !(Number.isInteger(together) && together >= 1)) {
    throw new RangeError(`together: found ${together}, expected an integer >= 1`);
  }
  const results: Kept[] = new Array(seeds.length);
  let [next, ended] = [0, 0];
  const rule = gate?.rule ?? null;
  const start = (environment: Environment, supervisor: Supervisor | null) => {
    const index = next++;
    gate?.score.start(index);
    const seed = seeds[index];
    return startLane({ index, seed, environment, supervisor, rule, planner, execution, policyVersion, record });
  };

  let lanes: Lane<Kept>[] = [];
  while (next < Math.min(together, seeds.length)) {
    const environment = makeEnvironment();
    lanes.push(await start(environment, makeSupervisor?.(environment) ?? null));
  }
  // New episodes begin only where chunks do, so that those that nobody supervises stay in step and are planned together.
  const stride = lanes[0]?.executor.stride ?? 1;
  for (let tick = 1; lanes.length > 0; tick++) {
    await advance(
      lanes.filter(({ recording }) => !recording.ended),
      { planner, gate, execution },
    );
    if (tick % stride !== 0 && lanes.some(({ recording }) => !recording.ended)) continue;
    const running: Lane<Kept>[] = [];
    for (const lane of lanes) {
      if (!lane.recording.ended) {
        running.push(lane);
        continue;
      }
      const kept = lane.recording.kept();
      results[lane.index] = kept;
      await onEpisode?.(kept, lane.index);
      onProgress?.(++ended, seeds.length);
      if (next < seeds.length) running.push(await start(lane.environment, lane.supervisor));
    }
    lanes = running;
  }
  return results;
}

interface Loop {
  readonly planner: BatchActor;
  readonly gate: Gate | null;
  readonly execution: Execution;
}

/** One step of every lane. Environments and people that answer later are waited for together. */
async function advance(lanes: readonly Lane<unknown>[], loop: Loop): Promise<void> {
  const { planner, gate } = loop;
  await plan(lanes.filter(wantsPlan), planner);
  if (gate) await read(lanes, gate);
  const decisions = lanes.filter(({ supervisor, watch }) => supervisor || watch).map((lane) => decide(lane, loop));
  if (decisions.length > 0) {
    await Promise.all(decisions);
    await plan(
      lanes.filter((lane) => DRIVERS[lane.phase] === "policy" && wantsPlan(lane)),
      planner,
    );
  }
  const waiting: Promise<void>[] = [];
  for (const lane of lanes) {
    const pending = lane.supervisor ? actSupervised(lane) : actAlone(lane);
    if (pending) waiting.push(pending);
  }
  if (waiting.length > 0) await Promise.all(waiting);
}

/** The chunks of the lanes, from one question to the planner. */
async function plan(lanes: readonly Lane<unknown>[], planner: BatchActor): Promise<void> {
  if (lanes.length === 0) return;
  const width = lanes[0].history.values.length;
  const histories = new Float32Array(lanes.length * width);
  lanes.forEach(({ history }, row) => {
    histories.set(history.values, row * width);
  });
  const planned = await planner.plan(histories, lanes.map(keyNow));
  const chunk = planner.horizons.predictionHorizon * lanes[0].environment.spec.action.names.length;
  if (planned.length !== lanes.length * chunk) {
    throw new RangeError(
      `${planner.name}: planned ${planned.length} numbers, expected ${lanes.length} episodes x ${chunk} (steps x action)`,
    );
  }
  lanes.forEach((lane, row) => {
    const own = planned.subarray(row * chunk, (row + 1) * chunk);
    lane.plan = { chunk: own, ...lane.executor.take(own), place: 0 };
  });
}

/** A stream number that no step has: what a gate draws is apart from what the policy does. */
const GATE = 2 ** 31;

/** What the gate reads in this step, where it does. */
async function read(lanes: readonly Lane<unknown>[], { score, reads = "plan" }: Gate): Promise<void> {
  const seen = lanes.filter(({ plan }) => plan && (reads === "step" || plan.place === 0));
  if (seen.length === 0) return;
  const expert = score.asksExpert ? await askExperts(seen) : null;
  const readings = await score.read({
    histories: joinRows(seen.map(({ history }) => history.values)),
    chunks: joinRows(seen.map(({ plan }) => plan?.chunk ?? NOTHING)),
    places: Int32Array.from(seen, ({ plan }) => plan?.place ?? 0),
    keys: seen.map((lane) => foldIn(keyNow(lane), GATE)),
    episodes: seen.map(({ index }) => index),
    expert,
  });
  const width = score.readings.length;
  seen.forEach((lane, row) => {
    lane.readings = Object.fromEntries(score.readings.map((name, i) => [name, readings[row * width + i]]));
    lane.lastReadings = lane.readings;
  });
}

const NOTHING = new Float32Array(0);

async function askExperts(lanes: readonly Lane<unknown>[]): Promise<Float32Array> {
  const labels = await Promise.all(
    lanes.map(async (lane) => {
      const answer = (await lane.supervisor?.answer(momentOf(lane), true)) ?? null;
      if (!answer?.label) throw new Error(`${lane.supervisor?.name ?? "nobody"}: the gate asked, expected a label`);
      lane.answer = answer;
      return answer.label;
    }),
  );
  return joinRows(labels);
}

/** What gate and supervisor request of this step, and who drives it. */
function decide(lane: Lane<unknown>, { planner, execution }: Loop): Promise<void> | undefined {
  const alarm = lane.watch?.watch(lane.readings) ?? null;
  const move = (requests: readonly Request[]) => {
    const size = lane.environment.spec.action.names.length;
    moveTo(lane, afterRequests(lane.phase, requests), () => createExecutor(execution, planner.horizons, size));
  };
  if (alarm) move([alarm]);
  const requests = lane.supervisor?.requests(momentOf(lane)) ?? [];
  return isLater(requests) ? requests.then(move) : void move(requests);
}

/** The policy's action, with nobody beside it. */
function actAlone(lane: Lane<unknown>): Promise<void> | undefined {
  const { plan, environment, recording } = lane;
  if (!plan) throw new Error("a policy acts before it has planned");
  const size = environment.spec.action.names.length;
  const executed = recording.admit(plan.actions, plan.offset + plan.place * size);
  return step(lane, { executed, chunkPlace: plan.place, controller: "policy" });
}

function actSupervised(lane: Lane<unknown>): Promise<void> | undefined {
  if (lane.phase === "paused") return forget(lane);
  const { supervisor, answer } = lane;
  if (answer !== undefined) return execute(lane, answer);
  const asked = supervisor?.answer(momentOf(lane), false) ?? null;
  return isLater(asked) ? asked.then((found) => execute(lane, found)) : execute(lane, asked);
}

function execute(lane: Lane<unknown>, answer: Answer | null): Promise<void> | undefined {
  const { phase, recording, plan, readings, supervisor } = lane;
  const proposed = proposedNow(lane);
  const label = answer?.label ? recording.admit(answer.label) : null;
  const controller = DRIVERS[phase] ?? "policy";
  const driven = controller === "expert" ? (answer?.action ?? answer?.label) : proposed;
  if (!driven) {
    throw new Error(`${controller === "expert" ? supervisor?.name : "policy"}: drives, expected an action`);
  }
  const chunkPlace = controller === "policy" ? (plan?.place ?? 0) : 0;
  return step(lane, { executed: recording.admit(driven), chunkPlace, controller, proposed, label, readings });
}

function step(lane: Lane<unknown>, acted: Acted): Promise<void> | undefined {
  const result = lane.environment.step(acted.executed);
  if (isLater(result)) return result.then((there) => take(lane, acted, there));
  take(lane, acted, result);
  return undefined;
}

function take(lane: Lane<unknown>, acted: Acted, result: StepResult): void {
  lane.recording.add(acted, result);
  lane.history.push(result.observation);
  if (lane.plan) lane.plan.place += 1;
  forget(lane);
}

/** What belonged to the step alone. */
function forget(lane: Lane<unknown>): undefined {
  lane.readings = null;
  lane.answer = undefined;
}

function joinRows(rows: readonly Float32Array[]): Float32Array {
  return joined(Float32Array, rows);
}
