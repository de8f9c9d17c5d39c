/**
 * rollouts: letting actors act in environments and recording every step.
 *
 * Law: imports `base` and `world` only; knows no particular task and no tensors. What acts and where is an argument.
 */
export { rollout, rolloutMany } from "./rollout.ts";
