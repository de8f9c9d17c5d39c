/** A job of the server in words. */
import type { JobState } from "apprentice";

const STATES: Readonly<Record<JobState["state"], string>> = {
  waiting: "waits for its turn",
  collecting: "scripted experts demonstrate",
  training: "training",
  judging: "driving on fixed starts, to be judged",
  finished: "finished",
  failed: "failed",
  stopped: "stopped",
};

export const titleOf = ({ kind }: JobState): string =>
  kind === "first" ? "The first policy, from scripted demonstrations" : "A policy from what was recorded";

/** `share` of this part of the job, 0 to 1; null where nobody can tell. */
export function progressOf({ state, update, updates }: JobState): {
  readonly words: string;
  readonly share: number | null;
} {
  const share = state === "training" && updates > 0 ? Math.min(1, update / updates) : null;
  return { words: STATES[state], share };
}
