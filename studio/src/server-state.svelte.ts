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
import { connect, type ServerConnection } from "./server/connection.ts";
import { AnswerError, fetchBytes, fetchJson } from "./server/http.ts";
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
  /** Tasks whose episodes somebody looks at; those that are being fetched, and those to be fetched once more after that. */
  const wanted = new Set<string>();
  const fetching = new Set<string>();
  const stale = new Set<string>();
  /** Annotations that the server has not answered with `changed` yet: they are said again after a reconnection. */
  let unheard: Extract<ClientMessage, { kind: "annotate" }>[] = [];

  async function fetchEpisodes(task: string): Promise<void> {
    if (fetching.has(task)) {
      stale.add(task);
      return;
    }
    fetching.add(task);
    try {
      const found = await fetchJson<EpisodeSummary[]>(ADDRESSES.episodes(task));
      episodes = { ...episodes, [task]: found };
      tasks = tasks.map((one) =>
        one.name === task ? { ...one, episodes: found.filter(({ deleted }) => !deleted).length } : one,
      );
    } catch (error) {
      if (error instanceof AnswerError) refusal = { of: "episodes", reason: error.message };
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
      for (const message of unheard) socket?.say(message);
      for (const task of wanted) void fetchEpisodes(task);
    } catch {
      connection = "gone";
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
        unheard = unheard.filter(({ task }) => task !== message.task);
        if (wanted.has(message.task)) void fetchEpisodes(message.task);
        else void fetchStudio().catch(() => {});
        return;
      case "refused":
        if (message.of === "annotate") unheard = unheard.filter(({ task }) => task !== message.task);
        refusal = { of: message.of, reason: message.reason };
        return;
      case "welcome":
      case "held":
        return;
      default:
        message satisfies never;
    }
  }

  async function start(operator: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await fetchStudio();
        connection = "connected";
        break;
      } catch (error) {
        const isStatic =
          (error instanceof AnswerError && ![401, 403, 500, 502, 503].includes(error.status)) ||
          location.protocol === "file:";
        if (isStatic) {
          connection = "none";
          isReady = true;
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
        if (connection !== "none") queueMicrotask(() => void fetchEpisodes(task));
      }
      return episodes[task] ?? null;
    },
    /** Called once, by the shell, with who is at the page. */
    start,
    hello: (operator: string) => socket?.hello(operator),
    train(request: Train): boolean {
      return socket?.say({ kind: "train", ...request }) ?? false;
    },
    stop(job: string): boolean {
      return socket?.say({ kind: "stop", job }) ?? false;
    },
    /** Seen at once; said to the server now, or once it is there again. */
    annotate(task: string, annotations: readonly Annotation[]): void {
      const message = { kind: "annotate" as const, task, annotations: [...annotations] };
      if (episodes[task]) episodes = { ...episodes, [task]: annotated(episodes[task], annotations) };
      unheard.push(message);
      if (connection === "connected") socket?.say(message);
    },
    /** Rejects with one line for the person. */
    policyBytes: (task: string, id: string): Promise<Uint8Array> => fetchBytes(ADDRESSES.policy(task, id)),
    episode: (task: string, id: string): Promise<EpisodeDetail> => fetchJson(ADDRESSES.episode(task, id)),
    findings: (task: string): Promise<Verification> => fetchJson(ADDRESSES.findings(task)),
  };
}

export const server = createServerState();
