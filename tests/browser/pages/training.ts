import { adam } from "../../../src/optim/index.ts";
import { webRuntime } from "../../../src/runtime/web.ts";
import { createTrainer, type Plan } from "../../../src/training/index.ts";
import { regression } from "../../training/problems.ts";

/** What Node and the page train: a perceptron 3-32-32-2 by L2 and Adam, with noise from the key. */
export const trainingOptions = () => ({
  problem: regression({ sizes: [3, 32, 32, 2], exampleCount: 256, noise: 0.05 }),
  optimizer: adam({ schedule: { kind: "constant", rate: 3e-3 } }),
  batchSize: 32,
  seed: 11,
});

export interface CurveRequest {
  readonly plan: Plan;
  readonly threads: number;
  readonly updates: number;
}

export interface Curve {
  readonly losses: Float32Array;
  /** Seconds that the updates took, after as many others that warmed up. */
  readonly seconds: number;
}

/** Trains in the page. */
export async function lossCurve({ plan, threads, updates }: CurveRequest): Promise<Curve> {
  const runtime = await webRuntime({ threads, wasmPaths: "/node_modules/onnxruntime-web/dist/" });
  const trainer = await createTrainer({ ...trainingOptions(), runtime, plan });
  const losses = await trainer.advance(updates);
  const started = performance.now();
  await trainer.advance(updates);
  const seconds = (performance.now() - started) / 1000;
  await trainer.close();
  return { losses, seconds };
}
