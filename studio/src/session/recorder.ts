/** Writes what a session tells of its episodes into the log: each step before the page hears of it. */
import { encodeEnd, encodeStart, encodeStep, type SessionObserver } from "apprentice";
import type { EpisodeLog } from "../log/episode-log.ts";
import type { Journal } from "../log/journal.ts";

export interface RecorderEvents {
  /** Something is in the log that was not. */
  logged(): void;
  /** An episode has ended: its log is to be brought to the disk. */
  ended(log: EpisodeLog): void;
  /** The disk refuses what was recorded last; it is held in memory. */
  full(): void;
}

/** The part of a session's observer that is about what is recorded. */
export type Recorder = Pick<SessionObserver, "begun" | "step" | "closed" | "marked" | "discarded">;

/** @param wallTime seconds since 1970 */
export function createRecorder(
  journal: Journal,
  events: RecorderEvents,
  { task, wallTime }: { readonly task: string; readonly wallTime: () => number },
): Recorder {
  const logOf = (id: string): EpisodeLog => {
    const log = journal.logs.find((one) => one.id === id);
    if (!log) throw new Error(`log: episode ${id} was never begun`);
    return log;
  };
  const note = (isWritten: boolean) => {
    events.logged();
    if (!isWritten) events.full();
  };
  return {
    begun({ id, seed, actors, info }) {
      const log = journal.begin(id, encodeStart({ task, seed, actors, info, wallTime: wallTime() }));
      note(!log.isRefused);
    },
    step(episode, number, step) {
      const log = logOf(episode);
      // What is held is recorded too, once the disk takes it.
      if (number !== log.recorded) throw new Error(`log: step ${number} of ${episode}, expected ${log.recorded}`);
      note(log.append(encodeStep({ ...step, wallTime: wallTime() })));
    },
    closed({ id, steps, info, ended }) {
      const log = logOf(id);
      note(ended ? log.finish(encodeEnd({ steps, info, wallTime: wallTime() })) : log.interrupt());
      events.ended(log);
    },
    marked: (episode, success) => note(logOf(episode).annotate({ kind: "success", episode, success })),
    discarded: (episode) => note(logOf(episode).annotate({ kind: "deletion", episode, deleted: true })),
  };
}
