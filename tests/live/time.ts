/** A clock for tests. */
/** Time that runs only when it is told to; timers fire when they are due, or later by what `delay` says. */
export function stoppedTime(delay: (ms: number) => number = () => 0) {
  let now = 1000;
  let timers: { readonly due: number; readonly call: () => void }[] = [];
  /** What a timer began goes on until it waits for another, or for nothing any more. */
  const settle = async () => {
    const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
    for (let turns = 0; turns < PATIENCE && timers.length === 0; turns++) await turn();
  };
  return {
    ports: {
      now: () => now,
      after(ms: number, call: () => void) {
        const timer = { due: now + ms + delay(ms), call };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
    },
    /** What takes so long holds everything up. */
    busy: (ms: number) => {
      now += ms;
    },
    pending: () => timers.length,
    async run(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = timers.toSorted((a, b) => a.due - b.due)[0];
        if (!next || next.due > end) break;
        timers = timers.filter((one) => one !== next);
        now = Math.max(now, next.due);
        next.call();
        await settle();
      }
      now = Math.max(now, end);
    },
  };
}

/** Turns of the queue that a step may take. */
const PATIENCE = 20;
