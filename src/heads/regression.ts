import { mean, square, sub } from "../tensor/index.ts";
import type { Head } from "./head.ts";

/**
 * L2 regression: the network's outputs are the actions, the loss their mean squared error. Its minimiser is the
 * conditional mean, which lies between contradictory demonstrations (ALGORITHMS 1.1).
 */
export function l2Head({ actionSize }: { actionSize: number }): Head {
  return {
    name: "l2",
    outputSize: actionSize,
    noiseSize: 0,
    loss: (output, actions) => mean(square(sub(output, actions))),
    sample: (output) => output,
  };
}
