/**
 * tasks: what there is to be learned: a name, an environment to try it in, and experts who know how. The tasks of the
 * house, by name; `node.ts` is the door to tasks that people bring as a module of their own.
 *
 * Law: imports `base`, `world`, `environments` and `experts`. This door runs in the browser too; only `node.ts` reads files.
 */
export { chooseExpert, mixedExpert } from "./mix.ts";
export { findTask, TASKS } from "./registry.ts";
export { defineTask, expertOf, type Task } from "./task.ts";
