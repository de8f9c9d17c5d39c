/**
 * evaluation: what a policy is worth, said honestly: success over fixed paired seeds with intervals, comparisons with a
 * paired test, held-out error beside trivial predictors.
 *
 * Law: imports lower floors (`base`, `world`, `rollouts`, `datasets`); judges episodes and predictions, whatever made them.
 */
export { type Comparison, compare } from "./compare.ts";
export { checkSeeds, type EvaluationRequest, evaluate } from "./evaluate.ts";
export { type HeldOutError, heldOutError } from "./held-out.ts";
export { type Evaluation, judge, type SeedResult, seedResult, summarise } from "./summary.ts";
