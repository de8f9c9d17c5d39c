/** One step of every lane (docs/algorithms/control.md, lines 2 to 10): plan, watch, decide who drives, act, step, record. */
import { foldIn, joined } from "../base/index.ts";
import type { BatchActor, StepResult } from "../world/index.ts";
import { afterRequests, DRIVERS, type Request } from "./control.ts";
import { createExecutor, type Execution } from "./execution.ts";
import { ALARM, type Gate, type Readings } from "./gate.ts";
import { keyNow, type Lane, momentOf, moveTo, notePlan, wantsPlan } from "./lane.ts";
import { isLater } from "./later.ts";
import type { Acted } from "./recording.ts";
import type { Answer, Moment, Supervisor } from "./supervisor.ts";

export interface Loop {
  readonly planner: BatchActor;
  readonly gate: Gate | null;
  readonly execution: Execution;
  readonly survey: ((moments: ReadonlyMap<Supervisor, Moment>) => void) | null;
}

/** Environments and people that answer later are waited for together. */
export async function advance(lanes: readonly Lane<unknown>[], loop: Loop): Promise<void> {
  await plan(lanes.filter(wantsPlan), loop.planner);
  const watched = lanes.filter(isWatched);
  if (watched.length > 0) await settle(watched, loop);
  const waiting: Promise<void>[] = [];
  for (const lane of lanes) {
    const pending = isWatched(lane) ? actWatched(lane) : actAlone(lane);
    if (pending) waiting.push(pending);
  }
  if (waiting.length > 0) await Promise.all(waiting);
  // Where all stand nothing else would let other work of the process run, such as a person's keys.
  else if (lanes.every(({ phase }) => phase === "paused")) await new Promise((resolve) => setTimeout(resolve));
}

const isWatched = ({ supervisor, watch }: Lane<unknown>): boolean => supervisor !== null || watch !== null;

/** Who drives this step, after all requests; where the policy begins to, it has planned. */
async function settle(lanes: readonly Lane<unknown>[], loop: Loop): Promise<void> {
  const { planner, gate, survey } = loop;
  lanes.forEach(notePlan);
  if (gate) await read(lanes, gate);
  for (const lane of lanes) heed(lane, loop);
  survey?.(new Map(lanes.flatMap((lane) => (lane.supervisor ? [[lane.supervisor, momentOf(lane)]] : []))));
  await Promise.all(lanes.map((lane) => decide(lane, loop)));
  const anew = lanes.filter((lane) => DRIVERS[lane.phase] === "policy" && wantsPlan(lane));
  if (anew.length === 0) return;
  await plan(anew, planner);
  anew.forEach(notePlan);
  if (!gate) return;
  // Chunks that are made because control came back are read too: too late for this step's alarm, in time for the next one's.
  const unread = anew.filter(({ readings }) => readings === null);
  await read(unread, gate);
  for (const lane of unread) lane.unheeded = lane.readings;
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
  const expert = score.asksExpert === "never" ? null : await askExperts(seen, score.asksExpert);
  const read = await score.read({
    histories: joined(
      Float32Array,
      seen.map(({ history }) => history.values),
    ),
    chunks: joined(
      Float32Array,
      seen.map(({ plan }) => plan?.chunk ?? NOTHING),
    ),
    places: Int32Array.from(seen, ({ plan }) => plan?.place ?? 0),
    keys: seen.map((lane) => foldIn(keyNow(lane), GATE)),
    episodes: seen.map(({ index }) => index),
    steps: Int32Array.from(seen, ({ recording }) => recording.length),
    expert,
  });
  const width = score.readings.length;
  if (read.length !== seen.length * width) {
    throw new RangeError(`${score.name}: read ${read.length} numbers, expected ${seen.length} episodes x ${width}`);
  }
  seen.forEach((lane, row) => {
    const named = score.readings.map((name, i) => [name, read[row * width + i]] as const);
    lane.readings = { ...Object.fromEntries(named.filter(([, value]) => !Number.isNaN(value))), ...lane.thresholds };
    lane.lastReadings = lane.readings;
  });
}

const NOTHING = new Float32Array(0);

/** [N, Da], rows of NaN for those that are not asked; null where none is. */
async function askExperts(lanes: readonly Lane<unknown>[], when: "driving" | "always"): Promise<Float32Array | null> {
  const isAsked = ({ phase }: Lane<unknown>) => when === "always" || DRIVERS[phase] === "expert";
  if (!lanes.some(isAsked)) return null;
  const labels = await Promise.all(
    lanes.map(async (lane) => {
      if (!isAsked(lane)) return new Float32Array(lane.environment.spec.action.names.length).fill(Number.NaN);
      const answer = (await lane.supervisor?.answer(momentOf(lane), true)) ?? null;
      if (!answer?.label) throw new Error(`${lane.supervisor?.name ?? "nobody"}: the gate asked, expected a label`);
      lane.answer = answer;
      return answer.label;
    }),
  );
  return joined(Float32Array, labels);
}

/** What the gate makes of what it read. */
function heed(lane: Lane<unknown>, loop: Loop): void {
  if (!lane.watch || lane.phase === "paused") return;
  lane.watch.watch(lane.readings ?? lane.unheeded);
  lane.unheeded = null;
  move(lane, gateSays(lane), loop);
}

/** A gate goes on saying what it says, so that an expert who hands back in the midst of an alarm leaves an alarmed policy. */
const gateSays = ({ watch }: Lane<unknown>): readonly Request[] =>
  watch ? [watch.alarmed ? "alarm" : "clear"] : NO_REQUESTS;
const NO_REQUESTS: readonly Request[] = [];

/** What the supervisor requests of this step. */
function decide(lane: Lane<unknown>, loop: Loop): Promise<void> | undefined {
  const requests = lane.supervisor?.requests(momentOf(lane)) ?? NO_REQUESTS;
  const follow = (found: readonly Request[]) => move(lane, [...found, ...gateSays(lane)], loop);
  return isLater(requests) ? requests.then(follow) : void follow(requests);
}

function move(lane: Lane<unknown>, requests: readonly Request[], { planner, execution }: Loop): void {
  const size = lane.environment.spec.action.names.length;
  moveTo(lane, afterRequests(lane.phase, requests), () => createExecutor(execution, planner.horizons, size));
}

/** The policy's action, with nobody beside it. */
function actAlone(lane: Lane<unknown>): Promise<void> | undefined {
  const { plan, environment, recording } = lane;
  if (!plan) throw new Error("a policy acts before it has planned");
  const size = environment.spec.action.names.length;
  const executed = recording.admit(plan.actions, plan.offset + plan.place * size);
  return step(lane, { executed, chunkPlace: plan.place, controller: "policy" });
}

function actWatched(lane: Lane<unknown>): Promise<void> | undefined {
  if (lane.phase === "paused") return forget(lane);
  const { supervisor, answer } = lane;
  if (answer !== undefined) return execute(lane, answer);
  const asked = supervisor?.answer(momentOf(lane), false) ?? null;
  return isLater(asked) ? asked.then((found) => execute(lane, found)) : execute(lane, asked);
}

function execute(lane: Lane<unknown>, answer: Answer | null): Promise<void> | undefined {
  const { phase, recording, plan, proposed, supervisor } = lane;
  const label = answer?.label ? recording.admit(answer.label) : null;
  const controller = DRIVERS[phase] ?? "policy";
  const driven = controller === "expert" ? (answer?.action ?? answer?.label) : proposed;
  if (!driven) {
    throw new Error(`${controller === "expert" ? supervisor?.name : "policy"}: drives, expected an action`);
  }
  const chunkPlace = controller === "policy" ? (plan?.place ?? 0) : 0;
  const executed = recording.admit(driven);
  return step(lane, { executed, chunkPlace, controller, proposed, label, readings: readingsOf(lane) });
}

/** What is recorded of the gate in this step: whether it asks for help, and where it read, what and against what. */
const readingsOf = ({ watch, readings }: Lane<unknown>): Readings | null =>
  watch && { ...readings, [ALARM]: watch.alarmed ? 1 : 0 };

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
  lane.proposed = null;
  lane.readings = null;
  lane.answer = undefined;
}
