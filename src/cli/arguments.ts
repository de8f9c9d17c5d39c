/** What arguments of several commands are made of. */
import { type Command, InvalidArgumentError } from "commander";

/** Adds one command to the program. */
export type Register = (program: Command) => void;

/** A parser of whole numbers from `least`. */
export const wholeNumber = (least: number) => (text: string) => {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`found "${text}", expected a whole number from ${least}.`);
};
