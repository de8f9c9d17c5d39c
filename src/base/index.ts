/**
 * base: what every other room stands on, and nothing that belongs to one of them: random keys, trees of tensors, shapes,
 * checks, statistics of plain numbers.
 *
 * Law: imports no other room and no package but `pure-rand`. Runs unchanged in Node and in the browser.
 */
export { InputError } from "./check.ts";
