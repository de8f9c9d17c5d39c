/**
 * The page's one view of the server: what it tells is kept here, reactive, for all pages. `start` is called once, by the
 * shell; everybody else only reads and asks.
 */
import {
  ADDRESSES,
  type ClientMessage,
  type EpisodeDetail,
  type EpisodeSummary,
  type JobState,
  type PolicySummary,
  type ServerMessage,
  type StudioSummary,
  type Verification,
} from "apprentice";
import { pendingAnnotations } from "./server/annotations.ts";
import { connect, type ServerConnection } from "./server/connection.ts";
import { AnswerError, fetchBytes, fetchJson } from "./server/http.ts";
import type { Local } from "./server/local.ts";
import {
  type Annotation,
  addLoss,
  annotated,
  backoff,
  type Connection,
  isStudioSummary,
  type LossPoint,
  policiesOf,
  type Refusal,
  unconfirmed,
  upsert,
} from "./server/view.ts";

export type { Annotation, Connection, LossPoint, Refusal } from "./server/view.ts";

type Train = Omit<Extract<ClientMessage, { kind: "train" }>, "kind">;
type TaskSummary = StudioSummary["tasks"][number];

function createServerState() {
  let connection = $state<Connection>("gone");
  let isReady = $state(false);
  let version = $state("");
  let tasks = $state.raw<readonly TaskSummary[]>([]);
  let heads = $state.raw<readonly string[]>([]);
  let jobs = $state.raw<readonly JobState[]>([]);
  let policies = $state.raw<readonly PolicySummary[]>([]);
  let curves = $state.raw<Readonly<Record<string, readonly LossPoint[]>>>({});
  let episodes = $state.raw<Readonly<Record<string, readonly EpisodeSummary[]>>>({});
  let refusal = $state.raw<Refusal | null>(null);

  let socket: ServerConnection | null = null;
  /** What does a server's work where there is none. */
  let local: Local | null = null;
  /** Whether it is known whom to ask. */
  let isAsking = false;
  /** Tasks whose episodes somebody looks at; those that are being fetched, and those to be fetched once more after that. */
  const wanted = new Set<string>();
  const fetching = new Set<string>();
  const stale = new Set<string>();
  /** Annotations that the server has not borne out yet: they are said again after a reconnection. */
  const pending = pendingAnnotations(localStorage);

  async function fetchEpisodes(task: string): Promise<void> {
    if (fetching.has(task)) {
      stale.add(task);
      return;
    }
    fetching.add(task);
    try {
      const found = await (local?.episodes(task) ?? fetchJson<EpisodeSummary[]>(ADDRESSES.episodes(task)));
      if (!local) pending.keep(task, unconfirmed(pending.of(task), found));
      episodes = { ...episodes, [task]: annotated(found, pending.of(task)) };
      tasks = tasks.map((one) =>
        one.name === task ? { ...one, episodes: found.filter(({ deleted }) => !deleted).length } : one,
      );
    } catch (error) {
      if (local || error instanceof AnswerError) refusal = { of: "episodes", reason: (error as Error).message };
    } finally {
      fetching.delete(task);
    }
    if (stale.delete(task)) await fetchEpisodes(task);
  }

  function takeJob(job: JobState): void {
    jobs = upsert(jobs, job);
    const curve = addLoss(curves[job.id] ?? [], job);
    if (curve !== curves[job.id]) curves = { ...curves, [job.id]: curve };
  }

  async function fetchStudio(): Promise<void> {
    const summary = await fetchJson<unknown>(ADDRESSES.studio);
    if (!isStudioSummary(summary)) throw new AnswerError(ADDRESSES.studio, 404, "found no studio");
    ({ version, tasks, heads, policies } = summary);
    jobs = summary.jobs;
    summary.jobs.forEach(takeJob);
    isReady = true;
  }

  /** All that was fetched may have changed while nobody listened. */
  async function refresh(): Promise<void> {
    try {
      await fetchStudio();
      connection = "connected";
      for (const task of pending.tasks()) say(task);
      for (const task of wanted) void fetchEpisodes(task);
    } catch {
      connection = "gone";
    }
  }

  /** At most as many at once as a message may hold. */
  function say(task: string): void {
    const all = pending.of(task);
    for (let from = 0; from < all.length; from += 1000) {
      socket?.say({ kind: "annotate", task, annotations: all.slice(from, from + 1000) });
    }
  }

  function hear(message: ServerMessage): void {
    switch (message.kind) {
      case "job":
        takeJob(message.job);
        return;
      case "policy":
        policies = upsert(policies, message.policy);
        return;
      case "changed":
        pending.keep(
          message.task,
          pending.of(message.task).filter(({ kind }) => kind !== "label"),
        );
        if (wanted.has(message.task)) void fetchEpisodes(message.task);
        else void fetchStudio().catch(() => {});
        return;
      case "refused":
        if (message.of === "annotate" && message.task) pending.keep(message.task, []);
        refusal = { of: message.of, reason: message.reason };
        return;
      case "welcome":
      case "held":
        return;
      default:
        message satisfies never;
    }
  }

  async function startLocal(): Promise<void> {
    const { createLocal } = await import("./server/local.ts");
    local = createLocal(pending, {
      job: takeJob,
      policy: (policy) => {
        policies = upsert(policies, policy);
      },
    });
    isAsking = true;
    heads = local.heads;
    policies = await local.policies();
    connection = "none";
    isReady = true;
    for (const task of wanted) void fetchEpisodes(task);
  }

  async function start(operator: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await fetchStudio();
        connection = "connected";
        isAsking = true;
        break;
      } catch (error) {
        const isStatic =
          (error instanceof AnswerError && ![401, 403, 500, 502, 503].includes(error.status)) ||
          location.protocol === "file:";
        if (isStatic) {
          await startLocal();
          return;
        }
        if (error instanceof AnswerError) refusal = { of: "studio", reason: error.message };
        connection = "gone";
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt) * 1000));
      }
    }
    socket = connect(operator, {
      welcomed: () => void refresh(),
      gone: () => {
        connection = "gone";
      },
      message: hear,
    });
  }

  return {
    get connection() {
      return connection;
    },
    /** Whether the first answer is there (or it is known that there is no server). */
    get isReady() {
      return isReady;
    },
    get version() {
      return version;
    },
    get tasks() {
      return tasks;
    },
    /** Heads that `train` accepts, the default first. */
    get heads() {
      return heads;
    },
    /** The oldest first. */
    get jobs() {
      return jobs;
    },
    /** The last refusal; null once it was dismissed. */
    get refusal() {
      return refusal;
    },
    dismissRefusal() {
      refusal = null;
    },
    /** The losses that the page has heard of, by job. */
    curve: (job: string): readonly LossPoint[] => curves[job] ?? [],
    /** The newest first. */
    policies: (task: string): readonly PolicySummary[] => policiesOf(policies, task),
    policy: (id: string): PolicySummary | null => policies.find((policy) => policy.id === id) ?? null,
    /** The oldest first, deleted ones marked; null until they are there. From the first call on they are kept up to date. */
    episodes(task: string): readonly EpisodeSummary[] | null {
      if (!wanted.has(task)) {
        wanted.add(task);
        // Not within whatever is being computed: state must not change there.
        if (isAsking) queueMicrotask(() => void fetchEpisodes(task));
      }
      return episodes[task] ?? null;
    },
    /** Called once, by the shell, with who is at the page. */
    start,
    hello: (operator: string) => socket?.hello(operator),
    train(request: Train): boolean {
      local?.train(request);
      return local !== null || (socket?.say({ kind: "train", ...request }) ?? false);
    },
    stop(job: string): boolean {
      local?.stop(job);
      return local !== null || (socket?.say({ kind: "stop", job }) ?? false);
    },
    /** Seen at once; said to the server now, or once it is there again; kept in this browser where there is none. */
    annotate(task: string, annotations: readonly Annotation[]): void {
      if (episodes[task]) episodes = { ...episodes, [task]: annotated(episodes[task], annotations) };
      pending.add(task, annotations);
      if (connection === "connected") say(task);
    },
    /** Rejects with one line for the person. */
    policyBytes: (task: string, id: string): Promise<Uint8Array> =>
      local?.policyBytes(id) ?? fetchBytes(ADDRESSES.policy(task, id)),
    episode: (task: string, id: string): Promise<EpisodeDetail> =>
      local?.episode(task, id) ?? fetchJson(ADDRESSES.episode(task, id)),
    findings: (task: string): Promise<Verification> => local?.findings(task) ?? fetchJson(ADDRESSES.findings(task)),
    /** Without a server nobody else says that the log of this browser has changed. */
    logged(task: string): void {
      if (local && wanted.has(task)) void fetchEpisodes(task);
    },
  };
}

export const server = createServerState();
