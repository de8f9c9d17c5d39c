/** Episodes as the session records them, from real worlds: what tests of log and link carry about. */
import { encodeEnd, encodeStart, encodeStep, findTask, type Info, type World } from "../../src/browser.ts";

export interface Recorded {
  readonly id: string;
  readonly start: Uint8Array;
  readonly steps: readonly Uint8Array[];
  readonly end: Uint8Array;
}

/** The first steps of a scripted expert in a task, as records. */
export async function recorded(
  task: string,
  { seed, length, id }: { readonly seed: number; readonly length: number; readonly id: string },
): Promise<Recorded> {
  const { makeEnvironment, experts } = findTask(task);
  const world = makeEnvironment() as World;
  const [[name, make]] = Object.entries(experts);
  const expert = make(world);
  expert.reset(seed);
  let { observation, info }: { observation: Readonly<Record<string, Float32Array>>; info: Info } = world.reset(seed);
  const start = encodeStart({ task, seed, actors: [name], info, wallTime: 1_800_000_000 });
  const steps: Uint8Array[] = [];
  for (let step = 0; step < length; step++) {
    const asked = await expert.act(observation);
    const { low, high } = world.spec.action;
    const action = asked.map((value, i) => Math.min(Math.max(value, low[i]), high[i]));
    const next = world.step(action);
    const { reward, terminated, truncated } = next;
    steps.push(
      encodeStep({
        observation,
        action,
        proposed: null,
        label: action,
        controller: "expert",
        operator: "ada",
        policyVersion: null,
        chunkPlace: 0,
        gate: {},
        reward,
        terminated,
        truncated,
        time: step / world.spec.controlRate,
        wallTime: 1_800_000_000 + step,
      }),
    );
    ({ observation, info } = next);
    if (terminated || truncated) break;
  }
  return { id, start, steps, end: encodeEnd({ steps: steps.length, info, wallTime: 1_800_000_100 }) };
}
