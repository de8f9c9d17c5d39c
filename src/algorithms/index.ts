/**
 * algorithms: how policies are learned, one folder each, written as parallel texts.
 *
 * Law: imports every lower floor. Knows no command line, no files: what is saved goes through functions it is given.
 */
export { type CloneOptions, cloneBehaviour, policySpec } from "./bc/clone.ts";
export { type HeldOutOptions, type HeldOutReport, heldOutReport, type PredictorScore } from "./bc/held-out.ts";
