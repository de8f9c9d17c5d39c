/** An expert that does what is right and, now and then, says something else: label noise that never moves the world. */
import { foldIn, type RandomStream, randomStream } from "../../base/index.ts";
import type { Answer, Moment, Supervisor } from "../../rollouts/index.ts";
import { actorKey } from "../../world/index.ts";

/** What is said in place of a label [Da]. */
export type Slip = (label: Float32Array, random: RandomStream) => Float32Array;

/** The other side, with probability `rate`. */
export const wrongSide =
  (rate: number): Slip =>
  (label, random) =>
    random.uniform() < rate ? label.map((value) => 0 - value) : label;

/** Too much by `bias`, and inexact by a normal error of `deviation`. */
export const inexact =
  (bias: number, deviation: number): Slip =>
  (label, random) =>
    label.map((value) => value + bias + deviation * random.normal());

/** A number that no step of a supervisor's own stream has. */
const STREAM = 2 ** 31 + 16;

/** `supervisor`, whose labels have passed through `slip`; where it drives, it does what it meant. */
export function slipping(supervisor: Supervisor, slip: Slip): Supervisor {
  let random: RandomStream;
  return {
    ...supervisor,
    reset(seed) {
      supervisor.reset(seed);
      random = randomStream(foldIn(actorKey(seed), STREAM));
    },
    async answer(moment: Moment, asked: boolean): Promise<Answer | null> {
      const answer = await supervisor.answer(moment, asked);
      if (!answer?.label) return answer;
      return { action: answer.label, ...answer, label: slip(answer.label, random) };
    },
  };
}
