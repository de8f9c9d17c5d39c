import { openPolicy } from "../../../src/policies/index.ts";
import { rollout, rolloutMany } from "../../../src/rollouts/index.ts";
import { webRuntime } from "../../../src/runtime/web.ts";
import { expertOf, findTask } from "../../../src/tasks/index.ts";
import { type Episode, episodeSeeds } from "../../../src/world/index.ts";
import { isStopped, startTraining } from "../../../studio/src/training/trainer.ts";

const WASM = "/node_modules/onnxruntime-web/dist/";
const TASK = "cart-pole";

async function demonstrations(count: number): Promise<Episode[]> {
  const task = findTask(TASK);
  const environment = task.makeEnvironment();
  const expert = expertOf(task, "balance")(environment);
  const episodes: Episode[] = [];
  for (const seed of episodeSeeds("demonstrations", 0, count)) {
    episodes.push(await rollout(environment, expert, { seed }));
  }
  return episodes;
}

export interface Trained {
  readonly head: string;
  readonly updates: number;
  readonly learned: { readonly episodes: number; readonly expertSteps: number };
  readonly bytes: number;
  readonly reported: number;
  readonly lastLoss: number;
  readonly succeeded: number;
}

/** Trains in the worker and lets the policy act in this thread. */
export async function trainAndAct({ head, updates }: { head: string; updates: number }): Promise<Trained> {
  const episodes = await demonstrations(5);
  const losses: number[] = [];
  const onProgress = ({ loss }: { loss: number }) => void losses.push(loss);
  const request = { task: TASK, episodes, head, updates };
  const policy = await startTraining(request, { onProgress, wasmPaths: WASM }).policy;
  const runtime = await webRuntime({ wasmPaths: WASM });
  const planner = await openPolicy(runtime, policy.bytes);
  const { makeEnvironment } = findTask(TASK);
  const played = await rolloutMany(makeEnvironment, planner, episodeSeeds("selection", 0, 10));
  await planner.close();
  return {
    head: policy.head,
    updates: policy.updates,
    learned: policy.learned,
    bytes: policy.bytes.length,
    reported: losses.length,
    lastLoss: losses[losses.length - 1],
    succeeded: played.filter(({ info }) => info.success).length,
  };
}

/** What a training says that is stopped after its first report. */
export async function stopEarly(): Promise<{ stopped: boolean; message: string }> {
  const training = startTraining(
    { task: TASK, episodes: await demonstrations(2), updates: 100_000 },
    { onProgress: () => training.stop(), wasmPaths: WASM },
  );
  return training.policy.then(
    () => ({ stopped: false, message: "it finished" }),
    (error) => ({ stopped: isStopped(error), message: error.message }),
  );
}

/** What a training says of episodes in which nobody but a policy drove. */
export async function trainOnNothing(): Promise<string> {
  const episodes = (await demonstrations(2)).map(
    (episode): Episode => ({ ...episode, controller: episode.controller.map(() => "policy") }),
  );
  const { policy } = startTraining({ task: TASK, episodes, updates: 10 }, { wasmPaths: WASM });
  return policy.then(
    () => "it finished",
    (error) => error.message,
  );
}
