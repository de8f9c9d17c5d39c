/**
 * training: a loss and its data become a trained set of parameters. The compiled update in its two ways, the choice
 * between them, and the trainer that can be paused, saved and resumed byte for byte.
 *
 * Law: imports base, tensor, onnx, nn, optim and runtime. Knows no policy and no world; the runtime comes as an argument.
 */
export { type Pace, paced } from "./pace.ts";
export { choosePlan, type Plan } from "./plan.ts";
export type { Batch, Column, Problem } from "./problem.ts";
export { DivergenceError, type TrainingState } from "./stepper.ts";
export { type Progress, type TrainOptions, train } from "./train.ts";
export { createTrainer, type Trainer, type TrainerOptions, type TrainingSnapshot } from "./trainer.ts";
