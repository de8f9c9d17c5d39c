/** How supervisors ask their expert. */
import type { Answer, Moment } from "../rollouts/index.ts";
import type { Actor } from "../world/index.ts";

export interface Asked {
  reset(seed: number): void;
  /** What the expert would do in the moment [Da]. */
  ask(moment: Moment): Promise<Float32Array>;
  /** Its label where it drives, and where a gate has to know; no other state is charged. */
  whereDriving(moment: Moment, asked: boolean): Promise<Answer | null>;
}

/** `expert`, asked once in a step, however many want to know: some experts go by what they said before. */
export function askingOnce(expert: Actor): Asked {
  let said: { readonly step: number; readonly action: Float32Array | Promise<Float32Array> } | null = null;
  const ask = async ({ step, observation }: Moment) => {
    if (said?.step !== step) said = { step, action: expert.act(observation) };
    return said.action;
  };
  return {
    reset(seed) {
      expert.reset(seed);
      said = null;
    },
    ask,
    whereDriving: async (moment, asked) => (moment.phase === "expert" || asked ? { label: await ask(moment) } : null),
  };
}
