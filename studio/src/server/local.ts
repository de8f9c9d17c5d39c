/** What a server would do, while there is none: episodes from the browser's log, training in a worker of the page. */
import {
  datasetOf,
  type EpisodeDetail,
  type EpisodeSummary,
  episodeDetail,
  episodeFrom,
  episodeSummary,
  findTask,
  type JobState,
  type PolicySummary,
  type Verification,
  verifyRecorded,
} from "apprentice";
import { openFolder } from "../log/opfs.ts";
import { episodesOf, type LocalEpisode, readLogged } from "../log/read.ts";
import { startTraining, type Training } from "../training/trainer.ts";
import { type PendingAnnotations, withAnnotations } from "./annotations.ts";
import { startJudging } from "./judge.ts";
import { policyFiles } from "./policy-files.ts";

export interface LocalRequest {
  readonly task: string;
  readonly head: string;
  readonly updates?: number;
  readonly weighting?: "expert" | "iwr" | "sirius";
  readonly operators?: readonly string[];
}

export interface LocalEvents {
  job(job: JobState): void;
  policy(policy: PolicySummary): void;
}

export interface Local {
  episodes(task: string): Promise<EpisodeSummary[]>;
  episode(task: string, id: string): Promise<EpisodeDetail>;
  findings(task: string): Promise<Verification>;
  policies(): Promise<PolicySummary[]>;
  policyBytes(id: string): Promise<Uint8Array>;
  train(request: LocalRequest): void;
  stop(job: string): void;
}

const FRESH = { update: 0, loss: null, rate: null, secondsLeft: null, policy: null, error: null } as const;

export function createLocal(annotations: PendingAnnotations, events: LocalEvents): Local {
  const files = policyFiles();
  const running = new Map<string, Pick<Training, "stop">>();
  const unwanted = new Set<string>();
  let count = 0;

  const specOf = (task: string) => findTask(task).makeEnvironment().spec;
  const read = async (task: string): Promise<LocalEpisode[]> => {
    const logged = await readLogged(await openFolder(), task).catch(() => []);
    return logged.map((episode) => withAnnotations(episode, annotations.of(task)));
  };

  async function run(request: LocalRequest, begun: JobState): Promise<void> {
    const { task, head, weighting = "expert", updates, operators } = request;
    const tell = (part: Partial<JobState>) => events.job({ ...begun, ...part });
    try {
      const chosen = (await read(task)).filter(({ stored }) =>
        operators ? stored.steps.some(({ operator }) => operator !== null && operators.includes(operator)) : true,
      );
      if (unwanted.has(begun.id)) throw new Error("it was stopped");
      const episodes = episodesOf(specOf(task), chosen);
      if (episodes.length === 0)
        throw new Error("There is nothing to learn from in this browser yet: drive an episode first.");
      const training = startTraining(
        { task, head, weighting, episodes, ...(updates !== undefined && { updates }) },
        { onProgress: (progress) => tell({ state: "training", ...progress }) },
      );
      running.set(begun.id, training);
      const { bytes, learned, updates: made } = await training.policy;
      const others = (await files.list()).filter((policy) => policy.task === task);
      const policy: PolicySummary = {
        // Never one of a server's, which are `TASK-N`: episodes record it.
        id: `${task}-page-${1 + Math.max(0, ...others.map(({ id }) => Number(id.split("-").at(-1)) || 0))}`,
        task,
        head,
        created: Date.now() / 1000,
        origin: "recorded",
        weighting,
        learned: { ...learned, scripted: 0 },
        updates: made,
        success: null,
        gate: null,
      };
      await files.add(policy, bytes);
      events.policy(policy);
      const trained = { update: made, updates: made, policy: policy.id };
      tell({ state: "judging", ...trained });
      const judging = startJudging({ task, bytes });
      running.set(begun.id, judging);
      const judged = { ...policy, success: await judging.success };
      await files.add(judged, bytes);
      events.policy(judged);
      tell({ state: "finished", ...trained });
    } catch (error) {
      if (unwanted.has(begun.id)) tell({ state: "stopped" });
      else tell({ state: "failed", error: (error as Error).message });
    } finally {
      running.delete(begun.id);
    }
  }

  return {
    async episodes(task) {
      const { controlRate } = specOf(task);
      return (await read(task)).map(({ stored, deleted }) => episodeSummary(stored, { controlRate, deleted }));
    },
    async episode(task, id) {
      const found = (await read(task)).find(({ stored }) => stored.id === id);
      if (!found) throw new Error(`episode ${id}: it is not in the log of this browser`);
      const { stored, deleted } = found;
      return episodeDetail(episodeSummary(stored, { controlRate: specOf(task).controlRate, deleted }), stored);
    },
    async findings(task) {
      const spec = specOf(task);
      const kept = (await read(task)).filter(({ deleted, stored }) => !deleted && stored.steps.length > 0);
      const episodes = kept.map(({ stored }) => episodeFrom(spec, stored));
      const dataset = datasetOf(episodes, { format: "apprentice log", source: "this browser", notes: [] });
      return verifyRecorded({
        ...dataset,
        files: kept.map(({ stored }) => stored.id),
        time: Float64Array.from(kept.flatMap(({ stored }) => stored.steps.map(({ time }) => time))),
        actionBounds: { low: spec.action.low, high: spec.action.high },
        interrupted: kept.flatMap(({ stored }, episode) =>
          stored.endInfo === null ? [{ episode, droppedBytes: 0 }] : [],
        ),
      });
    },
    policies: () => files.list(),
    policyBytes: (id) => files.bytes(id),
    train(request) {
      const { task, head, updates = 0 } = request;
      const job: JobState = { id: `page-${++count}`, task, kind: "train", head, state: "waiting", updates, ...FRESH };
      events.job(job);
      void run(request, job);
    },
    stop(job) {
      unwanted.add(job);
      running.get(job)?.stop();
    },
  };
}
