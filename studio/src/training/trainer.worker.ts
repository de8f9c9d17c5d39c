/** Trains one policy in a thread of the page, as the server would, and ends. */
import { aggregate, cloneRecorded, exportPolicy, onlineOptimizer, studioRecipe, webRuntime } from "apprentice";
import type { FromTrainer, ToTrainer, TrainedPolicy } from "./messages.ts";

/** Least time between two reports of how far it is, ms. */
const BETWEEN = 200;

interface Scope {
  onmessage: (event: MessageEvent<ToTrainer>) => void;
  postMessage(message: FromTrainer, transfer: Transferable[]): void;
}
const scope = globalThis as unknown as Scope;
const send = (message: FromTrainer, transfer: Transferable[] = []) => scope.postMessage(message, transfer);

scope.onmessage = async ({ data }) => {
  try {
    const policy = await train(data);
    send({ kind: "trained", policy }, [policy.bytes.buffer]);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    send({ kind: "failed", error: text.split("\n")[0] });
  }
};

async function train({ request, wasmPaths }: ToTrainer): Promise<TrainedPolicy> {
  const { episodes } = request;
  const { counts } = aggregate(episodes, { weighting: "expert" });
  const expertSteps = counts.demonstration + counts.intervention + counts.label;
  const recipe = studioRecipe({ ...request, expertSteps });
  const { learning, aggregation, seed, task, head } = recipe;
  const started = performance.now();
  let last = Number.NEGATIVE_INFINITY;
  const { policy } = await cloneRecorded(episodes, {
    ...learning,
    aggregation,
    observation: learning.normaliseObservation,
    optimizer: onlineOptimizer(recipe),
    seed,
    runtime: await webRuntime({ threads: 1, wasmPaths }),
    onProgress({ update, updates, loss }) {
      const now = performance.now();
      if (now - last < BETWEEN && update < updates) return;
      last = now;
      const rate = (1000 * update) / (now - started);
      send({ kind: "progress", progress: { update, updates, loss, rate, secondsLeft: (updates - update) / rate } });
    },
  });
  return {
    task,
    head,
    bytes: exportPolicy(policy).slice(),
    updates: learning.updates,
    learned: { episodes: episodes.length, expertSteps },
  };
}
