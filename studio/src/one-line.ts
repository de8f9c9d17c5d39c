/** What went wrong, in one line for the person. */
export const lineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0];
