/** Behavioural cloning of K policies at once, in one compiled program (docs/algorithms/gates.md, line 1). */
import { foldIn, randomKey } from "../../base/index.ts";
import type { Ensemble } from "../../policies/index.ts";
import { createTrainer, train } from "../../training/index.ts";
import { type CloneOptions, cloningOf } from "../bc/clone.ts";
import { cloningProblem } from "../bc/problem.ts";
import { ensembleProblem, type MemberDraws } from "./problem.ts";

export interface CloneEnsembleOptions extends CloneOptions {
  /** K; default 5 (ThriftyDAgger). */
  readonly members?: number;
  /** What the members see of the data; default "bootstrap". */
  readonly draws?: MemberDraws;
}

/** Of `seed`, besides what the trainer draws. */
const SEEN = 3;

/**
 * Trains and returns the ensemble; with a signal, as it was when the signal came. Progress tells the mean of the members'
 * losses. Throws RangeError for an optimizer that clips: the norm of all gradients would tie the members to one another.
 */
export async function cloneEnsemble(options: CloneEnsembleOptions): Promise<Ensemble> {
  const { optimizer, batchSize, seed, runtime, from, initial, onProgress, onCheckpoint } = options;
  const { members = 5, draws = "bootstrap" } = options;
  if (optimizer.clipNorm !== undefined) {
    throw new RangeError(`ensemble: found clipNorm ${optimizer.clipNorm}, expected an optimizer that does not clip`);
  }
  const { spec, data } = cloningOf(options);
  const key = foldIn(randomKey(seed), SEEN);
  const problem = ensembleProblem(cloningProblem(spec, data), { members, draws, key });
  const trainer = await createTrainer({ problem, optimizer, batchSize, seed, runtime, from, initial });
  try {
    await train(trainer, {
      updates: options.updates,
      onProgress: onProgress && ((progress) => onProgress({ ...progress, loss: progress.loss / members })),
      checkpointEvery: options.checkpointEvery,
      onCheckpoint: onCheckpoint && ((current) => onCheckpoint(current.snapshot())),
      signal: options.signal,
    });
    return { spec, members, parameters: trainer.parameters() };
  } finally {
    await trainer.close();
  }
}
