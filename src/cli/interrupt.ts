/** Ctrl-C, for commands that can be gone on with: the work is told, and says how; a second one ends the process. */

/** Carries out `work`; its signal comes at the first Ctrl-C, with `reason` as the message of its error where there is one. */
export async function untilInterrupted<T>(
  reason: string | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort(reason === null ? undefined : new Error(reason));
  process.once("SIGINT", onInterrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}
