/** Tells that episodes of a task have changed: soon after they did, and not for every step that comes. */

/** ms. */
const SOON = 50;
const LATER = 2000;

export interface Changes {
  note(task: string, what: "episodes" | "steps"): void;
  close(): void;
}

export function changeTeller(tell: (task: string) => void): Changes {
  const due = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  return {
    note(task, what) {
      const at = Date.now() + (what === "episodes" ? SOON : LATER);
      const before = due.get(task);
      if (before && before.at <= at) return;
      clearTimeout(before?.timer);
      const timer = setTimeout(() => {
        due.delete(task);
        tell(task);
      }, at - Date.now()).unref();
      due.set(task, { at, timer });
    },
    close() {
      for (const { timer } of due.values()) clearTimeout(timer);
    },
  };
}
