/** Jobs in line: one at a time, what a person asked for first. */
import { constants } from "node:os";
import { join } from "node:path";
import { InputError } from "../../base/index.ts";
import type { ClientMessage, JobState, PolicySummary } from "../../protocol/index.ts";
import { firstLesson, STUDIO_HEADS, studioRecipe } from "../../recipes/index.ts";
import { findTask } from "../../tasks/index.ts";
import { POLICY_FILE } from "../../verbs/index.ts";
import type { FromProcess, Order } from "./messages.ts";
import { datasetFolder, listPolicies, namesIn, policyFolder, sweepPolicies } from "./policies.ts";
import { type RunningJob, startJob } from "./process.ts";
import { isOver, type Job, readJobs, writeJobs } from "./record.ts";

export interface JobsOptions {
  /** The server's data folder: `TASK/dataset/`, `TASK/policies/ID/`. */
  readonly data: string;
  /** Told of every change of a job: at once where its state changes, of progress at most five times a second. */
  readonly onJob: (job: JobState) => void;
  /** Told of a policy when it is there, and again when it has been judged. */
  readonly onPolicy: (policy: PolicySummary) => void;
  /** Threads of one operator; default 1. */
  readonly threads?: number;
  /** Of the processes that train, from 0 (as the server's) to 19; default 19: whoever drives in a page comes first. */
  readonly priority?: number;
}

export type TrainingRequest = Omit<Extract<ClientMessage, { kind: "train" }>, "kind">;

export interface Jobs {
  /** Puts a training in line, or begins it. Throws InputError for an unknown task or head, and where nothing is recorded. */
  train(request: TrainingRequest): JobState;
  /** Ends a job that waits or runs; one that is over stays as it is. Throws InputError where there is none of that id. */
  stop(id: string): void;
  /** The oldest first. */
  jobs(): readonly JobState[];
  /** The oldest first; of one task, or of all. */
  policies(task?: string): readonly PolicySummary[];
  /** Path of a policy's file; null where there is no such policy. */
  policyFile(task: string, id: string): string | null;
  /** Begins the task's first policy where it has neither policy nor data, nor is at work on one; else null. */
  startFirst(task: string): JobState | null;
  /** Heads that `train` accepts, the default first. */
  readonly heads: readonly string[];
  /** Ends what runs and waits until it has ended. What was at work is told of as failed by the next server. */
  close(): Promise<void>;
}

const { PRIORITY_LOW } = constants.priority;

interface Entry extends Job {
  state: JobState;
  order: Order;
}

/** Jobs of the data folder, those of before included. Only one server at a time may be at work on a folder. */
export function createJobs({ data, onJob, onPolicy, threads = 1, priority = PRIORITY_LOW }: JobsOptions): Jobs {
  const known = new Map<string, PolicySummary>();
  const unjudged = new Map<string, string>();
  for (const task of namesIn(data)) {
    sweepPolicies(data, task);
    for (const policy of listPolicies(data, task)) {
      known.set(policy.id, policy);
      if (policy.success === null) unjudged.set(task, policy.id);
    }
  }
  const entries: Entry[] = readJobs(data, unjudged);
  let running: { entry: Entry; job: RunningJob; wanted: "end" | "stop" | "again" } | null = null;
  let ended: Promise<void> = Promise.resolve();
  let written: Promise<void> = Promise.resolve();
  let closed = false;

  const remember = () => {
    written = written.then(() => writeJobs(data, entries)).catch(() => {});
  };
  /** A change of state is remembered, progress is not. */
  const change = (entry: Entry, position: Partial<JobState>) => {
    const before = entry.state;
    entry.state = { ...before, ...position };
    if (before.state !== entry.state.state || before.policy !== entry.state.policy) remember();
    onJob(entry.state);
  };
  const add = (state: Pick<JobState, "task" | "kind" | "head" | "updates">, order: Order): JobState => {
    const number = 1 + Math.max(0, ...entries.map((entry) => Number(entry.state.id.replace("job-", "")) || 0));
    const idle = { update: 0, loss: null, rate: null, secondsLeft: null, policy: null, error: null };
    const entry: Entry = { state: { id: `job-${number}`, state: "waiting", ...state, ...idle }, order };
    entries.push(entry);
    remember();
    onJob(entry.state);
    takeNext();
    return entry.state;
  };

  const takeNext = () => {
    if (running || closed) return;
    const waiting = entries.filter(({ state }) => state.state === "waiting");
    const entry = waiting.find(({ state }) => state.kind === "train") ?? waiting[0];
    if (!entry) return;
    const job = startJob({ data, threads, priority, order: entry.order }, (message) => hear(entry, message));
    running = { entry, job, wanted: "end" };
    if (entry.order.kind !== "first") change(entry, { state: entry.order.kind === "train" ? "training" : "judging" });
    else change(entry, { state: "collecting" });
    ended = job.ended.then((error) => conclude(entry, error));
  };

  const hear = (entry: Entry, message: FromProcess) => {
    if (closed) return;
    if (message.kind === "position" && running?.wanted === "end") change(entry, message.position);
    if (message.kind === "policy") meet(entry, message.policy);
  };

  const meet = (entry: Entry, policy: PolicySummary) => {
    known.set(policy.id, policy);
    if (entry.state.policy !== policy.id) change(entry, { policy: policy.id });
    onPolicy(policy);
  };

  const conclude = (entry: Entry, error: string | null) => {
    const wanted = running?.wanted;
    running = null;
    if (closed) return;
    sweepPolicies(data, entry.state.task);
    // It may have been killed after a policy was there and before it said so.
    for (const policy of listPolicies(data, entry.state.task)) if (!known.has(policy.id)) meet(entry, policy);
    const idle = { rate: null, secondsLeft: null };
    if (error === null) change(entry, { ...idle, state: "finished" });
    else if (wanted === "stop") change(entry, { ...idle, state: "stopped" });
    else if (wanted === "again") {
      const { task, policy } = entry.state;
      if (policy !== null) entry.order = { kind: "judge", task, policy };
      change(entry, { ...idle, state: "waiting", update: 0, loss: null });
    } else change(entry, { ...idle, state: "failed", error });
    takeNext();
  };

  const interrupt = (wanted: "stop" | "again") => {
    if (running?.wanted !== "end") return;
    running.wanted = wanted;
    running.job.kill();
  };

  const jobs: Jobs = {
    heads: STUDIO_HEADS,
    train(request) {
      const { task } = request;
      findTask(task);
      const { head, learning } = studioRecipe(request);
      const isRecorded = hasEpisodes(data, task);
      const isScripted = [...known.values()].some((one) => one.task === task && one.origin === "scripted");
      if (!isRecorded && !(isScripted && request.scripted !== false)) {
        throw new InputError(`${task}: found no episode, expected at least one demonstration to learn from`);
      }
      const state = { task, kind: "train", head, updates: learning.updates } as const;
      const added = add(state, { ...request, kind: "train", head });
      // What a person asked for does not wait for what nobody did: the first policy is made afterwards.
      if (running?.entry.state.kind === "first") interrupt("again");
      return added;
    },
    stop(id) {
      const entry = entries.find(({ state }) => state.id === id);
      if (!entry) throw new InputError(`job: found "${id}", expected one of ${entries.map(({ state }) => state.id)}`);
      if (running?.entry === entry) {
        if (running.wanted === "again") running.wanted = "stop";
        else interrupt("stop");
      } else if (!isOver(entry.state)) change(entry, { state: "stopped" });
    },
    jobs: () => entries.map(({ state }) => state),
    policies: (task) =>
      [...known.values()]
        .filter((policy) => task === undefined || policy.task === task)
        .sort((a, b) => a.created - b.created),
    policyFile(task, id) {
      const policy = known.get(id);
      return policy?.task === task ? join(policyFolder(data, task, id), POLICY_FILE) : null;
    },
    startFirst(task) {
      findTask(task);
      const isBegun = entries.some(({ state }) => state.task === task && state.kind === "first" && !isOver(state));
      const isThere = jobs.policies(task).length > 0 || hasEpisodes(data, task);
      if (isBegun || isThere) return null;
      const { head, learning } = studioRecipe({ task, updates: firstLesson(task).updates });
      return add({ task, kind: "first", head, updates: learning.updates }, { kind: "first", task });
    },
    async close() {
      closed = true;
      running?.job.kill();
      await ended;
      await written;
    },
  };
  if (entries.length > 0) remember();
  takeNext();
  return jobs;
}

const hasEpisodes = (data: string, task: string): boolean =>
  namesIn(join(datasetFolder(data, task), "episodes")).length > 0;
