/** Jobs on a folder of their own, with something to learn from, and what is heard of them. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { openOrCreateStore, type Store } from "../../src/datasets/node.ts";
import type { JobState, PolicySummary } from "../../src/protocol/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { createJobs, type Jobs } from "../../src/server/jobs/index.ts";
import { expertOf, findTask } from "../../src/tasks/index.ts";
import type { Episode } from "../../src/world/index.ts";

/** Ten seconds of balancing, learned in a second: the shortest training that shows whether it worked. */
export const QUICK = { task: "cart-pole", expert: "balance", head: "l1", updates: 200 } as const;

export const OVER: readonly JobState["state"][] = ["finished", "failed", "stopped"];

export async function openDataset(data: string, task: string = QUICK.task): Promise<Store> {
  const { spec } = findTask(task).makeEnvironment();
  return openOrCreateStore(join(data, task, "dataset"), { spec, provenance: { source: "test", notes: [] } });
}

export async function demonstrated(seeds: readonly number[], parts: Partial<Episode> = {}): Promise<Episode[]> {
  const task = findTask(QUICK.task);
  const environment = task.makeEnvironment();
  const expert = expertOf(task, QUICK.expert)(environment);
  const episodes: Episode[] = [];
  for (const seed of seeds) episodes.push({ ...(await rollout(environment, expert, { seed })), ...parts });
  return episodes;
}

/** Puts episodes into the dataset of the quick task, under these names. */
export async function record(data: string, episodes: Readonly<Record<string, Episode>>): Promise<Store> {
  const store = await openDataset(data);
  for (const [id, episode] of Object.entries(episodes)) await store.writeEpisode(episode, { id });
  return store;
}

export interface HeardJobs {
  readonly jobs: Jobs;
  readonly states: JobState[];
  readonly policies: PolicySummary[];
  /** The first state of a job that is such; waits for it. */
  until(id: string, is: (job: JobState) => boolean): Promise<JobState>;
  /** Waits until it is over. */
  over(id: string): Promise<JobState>;
}

/** At the test's own priority, unless another is asked for: whatever else the machine does, the test does not wait for ever. */
export function openJobs(data: string, options: { priority?: number } = { priority: 0 }): HeardJobs {
  const states: JobState[] = [];
  const policies: PolicySummary[] = [];
  const waiting = new Set<() => void>();
  const onJob = (job: JobState) => {
    states.push(job);
    for (const look of waiting) look();
  };
  const jobs = createJobs({ data, onJob, onPolicy: (policy) => policies.push(policy), ...options });
  states.push(...jobs.jobs());
  const until: HeardJobs["until"] = (id, is) =>
    new Promise((settle) => {
      const look = () => {
        const found = states.find((job) => job.id === id && is(job));
        if (!found) return;
        waiting.delete(look);
        settle(found);
      };
      waiting.add(look);
      look();
    });
  const over = (id: string) => until(id, ({ state }) => OVER.includes(state));
  return { jobs, states, policies, until, over };
}

/** The processes that a process has started. */
export function childrenOf(pid: number): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && Number(found[2]) === pid && found[3].includes("jobs/child"))
    .map((found) => Number(found?.[1]));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
