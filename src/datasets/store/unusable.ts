import { InputError } from "../../base/index.ts";

/** A refusal by the file system as bad input: which path, what was tried, and the system's code (ENOSPC: the disk is full). */
export function unusable(path: string, tried: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new InputError(`${path}: cannot be ${tried} (${code === "ENOSPC" ? "ENOSPC: the disk is full" : code})`);
}
