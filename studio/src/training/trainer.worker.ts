/** Trains one policy in a thread of the page, as the server would, and ends. */
import {
  cloneRecorded,
  expertStepsIn,
  exportPolicy,
  paced,
  studioLearning,
  studioRecipe,
  webRuntime,
} from "apprentice";
import type { FromTrainer, ToTrainer, TrainedPolicy } from "./messages.ts";

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
  const expertSteps = expertStepsIn(episodes);
  const recipe = studioRecipe({ ...request, expertSteps });
  const { learning, task, head } = recipe;
  const onProgress = paced((progress) => send({ kind: "progress", progress }));
  const { policy } = await cloneRecorded(episodes, {
    ...studioLearning(recipe),
    runtime: await webRuntime({ threads: 1, wasmPaths }),
    onProgress,
  });
  return {
    task,
    head,
    bytes: exportPolicy(policy).slice(),
    updates: learning.updates,
    learned: { episodes: episodes.length, expertSteps },
  };
}
