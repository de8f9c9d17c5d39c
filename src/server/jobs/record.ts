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

/**
 * The jobs of before. What was at work when the server ended has failed; where its policy was there already, it is still to
 * be judged.
 */
export function readJobs(data: string): Job[] {
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
    if (state.policy !== null) {
      return { state: { ...idle, state: "waiting" }, order: { kind: "judge", task, policy: state.policy } };
    }
    return { state: { ...idle, state: "failed", error: "the server was stopped" }, order };
  });
}

function isJob(value: unknown): value is Job {
  const { state, order } = (value ?? {}) as Partial<Job>;
  return typeof state?.id === "string" && typeof state.task === "string" && typeof order?.kind === "string";
}

export const writeJobs = (data: string, jobs: readonly Job[]): Promise<void> =>
  writeFileAtomic(join(data, FILE), `${JSON.stringify(jobs.slice(-REMEMBERED), null, 1)}\n`);
