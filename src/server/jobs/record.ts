/** What is remembered of jobs when the server ends: `jobs.json` in the data folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JobState } from "../../protocol/index.ts";
import { writeFileAtomic } from "../../runs/node.ts";
import type { Order } from "./messages.ts";

export interface Job {
  readonly state: JobState;
  readonly order: Order;
}

const FILE = "jobs.json";
/** Jobs that are remembered, the newest. */
const REMEMBERED = 100;

const OVER: readonly JobState["state"][] = ["finished", "failed", "stopped"];
export const isOver = ({ state }: JobState): boolean => OVER.includes(state);

/** What a job is told as that did not end before the server did. */
const CUT_SHORT = "the server was stopped";

/**
 * The jobs of before. What was at work or in line when the server ended has failed; where its policy was there already, that
 * is still to be judged: `unjudged` are such policies, by task.
 */
export function readJobs(data: string, unjudged: ReadonlyMap<string, string>): Job[] {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(join(data, FILE), "utf8"));
  } catch {
    return [];
  }
  if (!Array.isArray(found)) return [];
  return found.filter(isJob).map(({ state, order }) => {
    if (isOver(state)) return { state, order };
    const { task } = state;
    const idle = { ...state, rate: null, secondsLeft: null };
    const policy = state.state === "waiting" ? null : (unjudged.get(task) ?? null);
    if (policy === null) return { state: { ...idle, state: "failed", error: CUT_SHORT }, order };
    return { state: { ...idle, state: "waiting", policy }, order: { kind: "judge", task, policy } };
  });
}

function isJob(value: unknown): value is Job {
  const { state, order } = (value ?? {}) as Partial<Job>;
  return typeof state?.id === "string" && typeof state.task === "string" && typeof order?.kind === "string";
}

export const writeJobs = (data: string, jobs: readonly Job[]): Promise<void> =>
  writeFileAtomic(join(data, FILE), `${JSON.stringify(jobs.slice(-REMEMBERED), null, 1)}\n`);
