/**
 * cli: the command line. Reads arguments, calls the floors below, prints; composition without logic.
 *
 * Law: imports every lower floor; Node only. Nothing imports it.
 */
export { main } from "./main.ts";
