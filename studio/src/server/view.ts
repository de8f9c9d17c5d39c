/** What the page knows of the server, as a value, and how it changes with what the server says. Nothing here waits or draws. */
import type { ClientMessage, EpisodeSummary, JobState, PolicySummary, StudioSummary } from "apprentice";
import type { Annotation } from "../log/episode-log.ts";

export type { Annotation } from "../log/episode-log.ts";

/** What the server is asked to train. */
export type TrainRequest = Omit<Extract<ClientMessage, { kind: "train" }>, "kind">;

/** What was asked and cannot be had, and why, in one line for the person. */
export interface Refusal {
  readonly of: string;
  readonly reason: string;
}

/** A point of a job's curve. */
export interface LossPoint {
  readonly update: number;
  readonly loss: number;
}

/** With `next` in the place of what has the same id, or at the end. */
export function upsert<One extends { readonly id: string }>(all: readonly One[], next: One): One[] {
  const at = all.findIndex(({ id }) => id === next.id);
  return at < 0 ? [...all, next] : all.with(at, next);
}

const RUNNING: ReadonlySet<JobState["state"]> = new Set(["waiting", "collecting", "training", "judging"]);
export const isRunning = ({ state }: JobState): boolean => RUNNING.has(state);

/** The curve with what a job says now; a job that begins again, as at an earlier update, loses what came after. */
export function addLoss(curve: readonly LossPoint[], { update, loss, state }: JobState): readonly LossPoint[] {
  if (loss === null || state !== "training") return curve;
  const before = curve.at(-1);
  if (before?.update === update && before.loss === loss) return curve;
  return [...curve.filter((point) => point.update < update), { update, loss }];
}

/** What episodes look like once the server has heard the annotations: the page does not wait for it. */
export function annotated(episodes: readonly EpisodeSummary[], annotations: readonly Annotation[]): EpisodeSummary[] {
  return episodes.map((episode) => {
    const own = annotations.filter((annotation) => annotation.episode === episode.id);
    const deletion = own.findLast((annotation) => annotation.kind === "deletion");
    const mark = own.findLast((annotation) => annotation.kind === "success");
    return { ...episode, deleted: deletion?.deleted ?? episode.deleted, success: mark?.success ?? episode.success };
  });
}

/** Those that a list of episodes does not bear out yet; of labels it says nothing, they are kept. */
export function unconfirmed(annotations: readonly Annotation[], episodes: readonly EpisodeSummary[]): Annotation[] {
  return annotations.filter((one) => {
    const told = episodes.find(({ id }) => id === one.episode);
    if (one.kind === "deletion") return told?.deleted !== one.deleted;
    return one.kind === "label" || told?.success !== one.success;
  });
}

/** Seconds to wait before the attempt of that number (from 0): twice as long each time, at most 8 s. */
export const backoff = (attempt: number): number => Math.min(0.5 * 2 ** attempt, 8);

/** Whether an answer to ADDRESSES.studio is one; a static host may answer any address with a page. */
export function isStudioSummary(answer: unknown): answer is StudioSummary {
  if (typeof answer !== "object" || answer === null) return false;
  const { tasks, jobs, policies, heads } = answer as Partial<Record<keyof StudioSummary, unknown>>;
  return [tasks, jobs, policies, heads].every(Array.isArray);
}

/** The policies of a task, the newest first. */
export const policiesOf = (policies: readonly PolicySummary[], task: string): PolicySummary[] =>
  policies.filter((policy) => policy.task === task).toSorted((a, b) => b.created - a.created);
