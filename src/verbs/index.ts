/**
 * verbs: what the command line does, as functions: each takes an object of options, says how far it is through a function
 * it is given, and returns a value. Reads and writes files; prints nothing and knows no flags.
 *
 * Law: imports every lower floor; Node only. The public door offers its verbs; `cli` is their command line.
 */
export { fromCheckpoint, toCheckpoint } from "./checkpoint.ts";
