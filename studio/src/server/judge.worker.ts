/** Drives a policy on the starts on which the server would judge it, in a thread of the page, and ends. */
import { evaluate, findTask, judgingSeeds, openPolicy, type Rate, webRuntime } from "apprentice";

export interface ToJudge {
  readonly task: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Null where it could not be driven, and why. */
export type FromJudge =
  | { readonly success: Rate; readonly error: null }
  | { readonly success: null; readonly error: string };

interface Scope {
  onmessage: (event: MessageEvent<ToJudge>) => void;
  postMessage(message: FromJudge): void;
}
const scope = globalThis as unknown as Scope;

scope.onmessage = async ({ data: { task, bytes } }) => {
  try {
    const planner = await openPolicy(await webRuntime({ threads: 1 }), bytes);
    const { makeEnvironment } = findTask(task);
    const { success } = await evaluate({ makeEnvironment, planner, seeds: judgingSeeds() });
    scope.postMessage({ success, error: null });
  } catch (error) {
    const line = error instanceof Error ? error.message.split("\n")[0] : String(error);
    scope.postMessage({ success: null, error: line });
  }
};
