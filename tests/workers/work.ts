/** What the threads of the pool tests do: a job says how it is to go. */
import { threadId } from "node:worker_threads";
import { InputError } from "../../src/base/index.ts";
import type { Work } from "../../src/workers/index.ts";

export type Job =
  | { kind: "square"; value: number; milliseconds: number }
  | { kind: "throw" | "refuse" | "exit" | "later" | "spin" };

export interface Answer {
  readonly square: number;
  readonly threadId: number;
  /** How many jobs this thread had done before. */
  readonly before: number;
}

export function makeSquares(setup: { offset: number }): Work<Job, Answer> {
  let before = 0;
  return {
    async run(job, { report }) {
      switch (job.kind) {
        case "throw":
          throw new TypeError("cannot square this");
        case "refuse":
          throw new InputError("--value: found nothing, expected a number");
        case "exit":
          return process.exit(7);
        case "later":
          setImmediate(() => {
            throw new Error("thrown where nobody waits");
          });
          return new Promise(() => {});
        case "spin":
          report("spinning");
          for (;;) before += 1;
        case "square": {
          report(`squaring ${job.value}`);
          await new Promise((settle) => setTimeout(settle, job.milliseconds));
          return { square: job.value ** 2 + setup.offset, threadId, before: before++ };
        }
      }
    },
  };
}

export function makeNothing(): never {
  throw new Error("the thread has no engine");
}
