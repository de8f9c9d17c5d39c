/**
 * supervisors: who stands beside a policy, each behind the interface of `rollouts`: DAgger's coin, who answers a gate, DART's
 * disturbed expert, the model of an operator; and the account of what they cost.
 *
 * Law: imports `base`, `world` and `rollouts`. Experts come as actors, worlds as arguments; knows no task.
 */
export { type Account, accountOf, addAccounts, returnOnHumanEffort, type Watching } from "./account.ts";
export { type AnsweringOptions, answeringSupervisor } from "./answering.ts";
export { type CoinOptions, coinSupervisor } from "./coin.ts";
export { disturbedSupervisor } from "./disturbed.ts";
export { forkForesight, stallForesight } from "./foresight.ts";
export { ATTENTIVE, type Foresight, type OperatorOptions, operatorModel } from "./operator.ts";
