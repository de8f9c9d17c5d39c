/**
 * workers: a pool of threads that does jobs. What a job is comes as a module's address; nothing is known of it here.
 *
 * Law: imports `base` only; Node only. Setups, jobs, reports and results are what a structured clone can carry.
 */
export type { Work, WorkContext } from "./job.ts";
export { siblingModule } from "./module.ts";
export { type PoolOptions, runJobs } from "./pool.ts";
