/** Running a trainer to its end: reports, pauses, checkpoints, a signal to stop. */
import type { Trainer } from "./trainer.ts";

export interface Progress {
  /** Updates carried out so far, and in all. */
  readonly update: number;
  readonly updates: number;
  /** Mean loss of the updates since the last report. */
  readonly loss: number;
  /** Updates per second since the last report. */
  readonly rate: number;
}

export interface TrainOptions {
  /** Updates in all, those before a resume included. */
  readonly updates: number;
  /** Updates between two reports; default: one call's worth, 50 for the kernel path. */
  readonly reportEvery?: number;
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /** Updates between two checkpoints; none when left out. */
  readonly checkpointEvery?: number;
  readonly onCheckpoint?: (trainer: Trainer) => void | Promise<void>;
  /** Stops at the next report, with a checkpoint where there are any; the trainer can go on later. */
  readonly signal?: AbortSignal;
  /** Training waits while this promise is pending; asked for at every report. */
  readonly pause?: () => Promise<void> | undefined;
}

/**
 * Trains until `updates` updates are carried out or the signal says stop. Between calls the event loop gets its turn.
 * Throws DivergenceError where a number is not finite; what was saved before stays as it was.
 */
export async function train(trainer: Trainer, options: TrainOptions): Promise<void> {
  const { updates, onProgress, checkpointEvery, onCheckpoint, signal, pause } = options;
  const reportEvery = options.reportEvery ?? (trainer.plan.path === "in-graph" ? trainer.plan.updatesPerCall : 50);
  for (const [name, value] of Object.entries({ updates, reportEvery, checkpointEvery: checkpointEvery ?? 1 })) {
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`${name}: found ${value}, expected 1 or more`);
  }
  while (trainer.update < updates && !signal?.aborted) {
    await pause?.();
    if (signal?.aborted) break;
    const untilCheckpoint = checkpointEvery ? checkpointEvery - (trainer.update % checkpointEvery) : updates;
    const count = Math.min(reportEvery, updates - trainer.update, untilCheckpoint);
    const started = performance.now();
    const losses = await trainer.advance(count);
    const seconds = (performance.now() - started) / 1000;
    const loss = losses.reduce((total, value) => total + value, 0) / count;
    await onProgress?.({ update: trainer.update, updates, loss, rate: count / seconds });
    if (checkpointEvery && trainer.update % checkpointEvery === 0) await onCheckpoint?.(trainer);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const unsaved = checkpointEvery && trainer.update % checkpointEvery !== 0;
  if (signal?.aborted && unsaved) await onCheckpoint?.(trainer);
}
