/** Training in this page, from what this browser has logged, where there is no server to do it. */
import { findTask, type PolicySummary } from "apprentice";
import { openFolder } from "../log/opfs.ts";
import { episodesOf, readLogged } from "../log/read.ts";
import type { PolicyFile } from "../session/messages.ts";
import type { TrainingProgress, TrainingRequest } from "../training/messages.ts";
import { isStopped, startTraining, type Training } from "../training/trainer.ts";

export interface PagePolicy {
  readonly summary: PolicySummary;
  readonly file: PolicyFile;
}

class PageTraining {
  /** Null while nothing is trained. */
  progress = $state.raw<(TrainingProgress & { readonly task: string; readonly head: string }) | null>(null);
  error = $state<string | null>(null);
  /** The newest first; gone when the page is. */
  policies = $state.raw<readonly PagePolicy[]>([]);
  #running: Training | null = null;

  /** Answers once the policy is there, was stopped, or failed: then `error` says why. */
  async train({
    task,
    head,
    weighting,
  }: Required<Pick<TrainingRequest, "task" | "head" | "weighting">>): Promise<void> {
    this.error = null;
    this.progress = { task, head, update: 0, updates: 0, loss: Number.NaN, rate: 0, secondsLeft: Number.NaN };
    try {
      const logged = await readLogged(await openFolder(), task);
      const episodes = episodesOf((await findTask(task).makeEnvironment()).spec, logged);
      if (episodes.length === 0) throw new Error("Drive one episode first: there is nothing to learn from yet.");
      this.#running = startTraining(
        { task, episodes, head, weighting },
        {
          onProgress: (progress) => {
            this.progress = { ...progress, task, head };
          },
        },
      );
      const { bytes, updates, learned, head: made } = await this.#running.policy;
      const id = `${task}-page-${this.policies.length + 1}`;
      const summary: PolicySummary = {
        ...{ id, task, head: made, weighting, updates, origin: "recorded", success: null, gate: null },
        learned: { ...learned, scripted: 0 },
        created: Date.now() / 1000,
      };
      this.policies = [{ summary, file: { version: id, bytes, threshold: null } }, ...this.policies];
    } catch (error) {
      if (!isStopped(error)) this.error = error instanceof Error ? error.message : String(error);
    } finally {
      this.#running = null;
      this.progress = null;
    }
  }

  stop(): void {
    this.#running?.stop();
  }
}

export const pageTraining = new PageTraining();
