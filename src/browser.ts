/** The public door of Apprentice in the browser: nothing reachable from here imports `node:`. */
export { InputError } from "./base/index.ts";
