/**
 * supervisors: who stands beside a policy, each behind the interface of `rollouts`: DAgger's coin, who answers a gate, DART's
 * disturbed expert, the model of an operator, a fleet's few operators; and the account of what they cost.
 *
 * Law: imports `base`, `world` and `rollouts`. Experts come as actors, worlds as arguments; knows no task.
 */
export { type Account, accountOf, addAccounts, type Watching } from "./account.ts";
export {
  type Allocation,
  type AllocationOptions,
  createAllocation,
  type FleetNeed,
  type FleetPlace,
  type Priority,
} from "./allocation.ts";
export { type AnsweringOptions, answeringSupervisor } from "./answering.ts";
export { type CoinOptions, coinSupervisor } from "./coin.ts";
export { disturbedSupervisor } from "./disturbed.ts";
export {
  FLEET_TIMES,
  type FleetOptions,
  type FleetResult,
  type FleetTally,
  returnOnHumanEffort,
  superviseFleet,
} from "./fleet.ts";
export { forkForesight, stallForesight } from "./foresight.ts";
export { ATTENTIVE, type Foresight, type OperatorOptions, operatorModel } from "./operator.ts";
export { criteriaPriority, randomPriority, thriftyPriority } from "./priority.ts";
