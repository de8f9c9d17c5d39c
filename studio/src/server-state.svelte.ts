/**
 * The page's one view of the server: what it tells is kept here, reactive, for all pages. `start` is called once, by the
 * shell; everybody else only reads and asks.
 */
import {
  ADDRESSES,
  type EpisodeDetail,
  type EpisodeSummary,
  type JobState,
  type PolicySummary,
  type ServerMessage,
  STUDIO_HEADS,
  type StudioSummary,
  type Verification,
} from "apprentice";
import type { ServerState } from "./link/connection.ts";
import type { Annotation } from "./log/episode-log.ts";
import { pendingAnnotations } from "./server/annotations.ts";
import { connect, type ServerConnection } from "./server/connection.ts";
import { AnswerError, fetchBytes, fetchJson } from "./server/http.ts";
import type { Local } from "./server/local.ts";
import {
  addLoss,
  annotated,
  backoff,
  isStudioSummary,
  type LossPoint,
  policiesOf,
  type Refusal,
  type TrainRequest,
  unconfirmed,
  upsert,
} from "./server/view.ts";

/** Begins the names of jobs of the page itself. */
const OWN_JOB = "page-";

type TaskSummary = StudioSummary["tasks"][number];

function createServerState() {
  let connection = $state<ServerState>("gone");
  let isReady = $state(false);
  let version = $state("");
  let tasks = $state.raw<readonly TaskSummary[]>([]);
  let heads = $state.raw<readonly string[]>([]);
  let jobs = $state.raw<readonly JobState[]>([]);
  let policies = $state.raw<readonly PolicySummary[]>([]);
  /** Those that were trained in this page. */
  let own = $state.raw<readonly PolicySummary[]>([]);
  let curves = $state.raw<Readonly<Record<string, readonly LossPoint[]>>>({});
  let episodes = $state.raw<Readonly<Record<string, readonly EpisodeSummary[]>>>({});
  let refusal = $state.raw<Refusal | null>(null);

  let socket: ServerConnection | null = null;
  /** What does a server's work while there is none; made when it is first needed. */
  let local: Promise<Local> | null = null;
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
      const isOwn = connection === "none";
      const found = isOwn
        ? await (await inPage()).episodes(task)
        : await fetchJson<EpisodeSummary[]>(ADDRESSES.episodes(task));
      if (!isOwn) pending.keep(task, unconfirmed(pending.of(task), found));
      episodes = { ...episodes, [task]: annotated(found, pending.of(task)) };
      tasks = tasks.map((one) =>
        one.name === task ? { ...one, episodes: found.filter(({ deleted }) => !deleted).length } : one,
      );
    } catch (error) {
      if (connection === "none" || error instanceof AnswerError)
        refusal = { of: "episodes", reason: (error as Error).message };
    } finally {
      fetching.delete(task);
    }
    if (stale.delete(task)) await fetchEpisodes(task);
  }

  const isOwn = (id: string): boolean => own.some((policy) => policy.id === id);

  function takeJob(job: JobState): void {
    jobs = upsert(jobs, job);
    const curve = addLoss(curves[job.id] ?? [], job);
    if (curve !== curves[job.id]) curves = { ...curves, [job.id]: curve };
  }

  async function fetchStudio(): Promise<void> {
    const summary = await fetchJson<unknown>(ADDRESSES.studio);
    if (!isStudioSummary(summary)) throw new AnswerError(ADDRESSES.studio, 404, "found no studio");
    ({ version, tasks, heads, policies } = summary);
    jobs = jobs.filter(({ id }) => id.startsWith(OWN_JOB));
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

  function inPage(): Promise<Local> {
    local ??= import("./server/local.ts").then(({ createLocal }) =>
      createLocal(pending, {
        job: takeJob,
        policy: (policy) => {
          own = upsert(own, policy);
        },
      }),
    );
    return local;
  }

  async function findOwn(): Promise<void> {
    own = await (await inPage()).policies();
  }

  async function start(operator: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await fetchStudio();
        connection = "connected";
        isAsking = true;
        void findOwn();
        break;
      } catch (error) {
        const isStatic =
          (error instanceof AnswerError && ![401, 403, 500, 502, 503].includes(error.status)) ||
          location.protocol === "file:";
        if (isStatic) {
          await findOwn();
          connection = "none";
          isAsking = true;
          isReady = true;
          for (const task of wanted) void fetchEpisodes(task);
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
      return heads.length > 0 ? heads : STUDIO_HEADS;
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
    /** The server's and those that were trained in this page, the newest first. */
    policies: (task: string): readonly PolicySummary[] => policiesOf([...policies, ...own], task),
    policy: (id: string): PolicySummary | null => [...policies, ...own].find((policy) => policy.id === id) ?? null,
    /** Whether it was trained in this page, and its file is in this browser only. */
    isOwn,
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
    /** By the server; while it is not there in this page, from what this browser has logged. */
    train(request: TrainRequest): void {
      if (connection === "connected" && socket?.say({ kind: "train", ...request })) return;
      void inPage().then((page) => page.train(request));
    },
    stop(job: string): void {
      // Those of the page are its own whatever has come since.
      if (job.startsWith(OWN_JOB)) void inPage().then((page) => page.stop(job));
      else socket?.say({ kind: "stop", job });
    },
    /** Seen at once; said to the server now, or once it is there again; kept in this browser where there is none. */
    annotate(task: string, annotations: readonly Annotation[]): void {
      if (episodes[task]) episodes = { ...episodes, [task]: annotated(episodes[task], annotations) };
      pending.add(task, annotations);
      if (connection === "connected") say(task);
    },
    /** Rejects with one line for the person. */
    policyBytes: (task: string, id: string): Promise<Uint8Array> =>
      isOwn(id) ? inPage().then((page) => page.policyBytes(id)) : fetchBytes(ADDRESSES.policy(task, id)),
    episode: (task: string, id: string): Promise<EpisodeDetail> =>
      connection === "none" ? inPage().then((page) => page.episode(task, id)) : fetchJson(ADDRESSES.episode(task, id)),
    findings: (task: string): Promise<Verification> =>
      connection === "none" ? inPage().then((page) => page.findings(task)) : fetchJson(ADDRESSES.findings(task)),
    /** Without a server nobody else says that the log of this browser has changed. */
    logged(task: string): void {
      if (connection === "none" && wanted.has(task)) void fetchEpisodes(task);
    },
  };
}

export const server = createServerState();
