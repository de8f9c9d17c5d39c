/** The Node door of runs: the run directory, and files that are written whole or not at all. */
export { removeUnfinished, UNFINISHED, writeFileAtomic } from "./atomic.ts";
export { createRun, openRun, type Run, type RunOptions, readMetrics } from "./directory.ts";
