/** The public door of Apprentice in Node. */
export { InputError } from "./base/index.ts";
