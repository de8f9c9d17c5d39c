/** What the file system refuses. */
import { InputError } from "./check.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  EFBIG: "the file would be larger than allowed",
};

/** Whether an error says that there is no room left. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code) in MEANINGS;

/**
 * A refusal by the file system as bad input: which path, what was tried, and the system's code (ENOSPC: the disk is full).
 * Its cause is what the system said.
 */
export function unusable(path: string, tried: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const meaning = code in MEANINGS ? `${code}: ${MEANINGS[code]}` : code;
  return new InputError(`${path}: cannot be ${tried} (${meaning})`, { cause: error });
}
