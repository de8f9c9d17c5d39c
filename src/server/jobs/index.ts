/**
 * Training jobs of the studio's server: one at a time, each in a process of its own that ends when the server does, and the
 * policies that they leave in the data folder.
 */
export { createJobs, type Jobs, type JobsOptions, type TrainingRequest } from "./queue.ts";
