import { threadId } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { type PoolOptions, runJobs, siblingModule } from "../../src/workers/index.ts";
import type { Answer, Job } from "./work.ts";

const squares = (workers: number, jobs: Job[], more: Partial<PoolOptions<Job>> = {}): Promise<Answer[]> =>
  runJobs({
    module: siblingModule(import.meta.url, "work"),
    exportName: "makeSquares",
    setup: { offset: 100 },
    jobs,
    workers,
    nameOf: (job, index) => `${job.kind} ${index}`,
    ...more,
  });
const square = (value: number, milliseconds = 0): Job => ({ kind: "square", value, milliseconds });

describe.each([1, 2])("runJobs with %i workers", (workers) => {
  it("gives the results in the order of the jobs, however long each takes", async () => {
    const [progress, reports] = [[] as number[][], [] as unknown[]];
    const jobs = Array.from({ length: 12 }, (_, i) => square(i, i % 2 === 0 ? 15 : 1));
    const answers = await squares(workers, jobs, {
      onProgress: (...now) => progress.push(now),
      onReport: (value, index) => reports.push([value, index]),
    });
    expect(answers.map((answer) => answer.square)).toEqual(jobs.map((_, i) => i * i + 100));
    expect(progress).toEqual(jobs.map((_, i) => [i + 1, 12]));
    expect(reports).toHaveLength(12);
    expect(reports).toEqual(expect.arrayContaining(jobs.map((_, i) => [`squaring ${i}`, i])));
    // One making of the work per thread, which then does many jobs; a single worker is this thread.
    expect(new Set(answers.map((answer) => answer.threadId)).size).toBe(workers);
    expect(answers.filter(({ before }) => before === 0)).toHaveLength(workers);
    if (workers === 1) expect(answers[0].threadId).toBe(threadId);
  });

  it("makes of each result what it is told to before the worker goes on, one at a time", async () => {
    let busy = 0;
    const finish = async ({ square }: Answer, index: number) => {
      expect(++busy).toBe(1);
      await new Promise((settle) => setTimeout(settle, 3));
      busy -= 1;
      if (index === 6) throw new InputError("the disk is full");
      return { square: -square };
    };
    const jobs = Array.from({ length: 6 }, (_, i) => square(i));
    expect(await squares(workers, jobs, { finish })).toEqual(jobs.map((_, i) => ({ square: -(i * i + 100) })));
    const failing = squares(workers, [...jobs, square(6), square(7)], { finish });
    await expect(failing).rejects.toThrow(InputError);
    await expect(failing).rejects.toThrow(/^the disk is full$/);
  });

  it("names the job that throws, and hands an InputError over as it is", async () => {
    await expect(squares(workers, [square(1), { kind: "throw" }, square(2)])).rejects.toThrow(
      /^throw 1: cannot square this$/,
    );
    const refused = squares(workers, [square(1), { kind: "refuse" }]);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/^--value: found nothing, expected a number$/);
  });

  it("says what cannot be made or found", async () => {
    await expect(squares(workers, [square(1), square(2)], { exportName: "makeNothing" })).rejects.toThrow(
      "worker makeNothing: the thread has no engine",
    );
    await expect(squares(workers, [square(1), square(2)], { exportName: "makeCubes" })).rejects.toThrow(
      /found no function "makeCubes"/,
    );
  });

  it("stops at a signal with its reason", async () => {
    const stop = new AbortController();
    const jobs = Array.from({ length: 40 }, (_, i) => square(i, 20));
    let last = 0;
    const stopped = squares(workers, jobs, {
      signal: stop.signal,
      onProgress(finished) {
        last = finished;
        if (finished === 3) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(last).toBe(3);
    await expect(squares(workers, jobs, { signal: stop.signal })).rejects.toThrow("enough");
  });

  it("has nothing to do without jobs", async () => {
    expect(await squares(workers, [])).toEqual([]);
  });
});

describe("a worker that dies", () => {
  it.each([
    ["exit", "exit 1: the worker died (exit code 7)"],
    ["later", "later 1: the worker died: thrown where nobody waits"],
  ] as const)("in the middle of a job is named: %s", async (kind, words) => {
    const jobs = [square(1, 5), { kind } as Job, ...Array.from({ length: 20 }, (_, i) => square(i, 5))];
    await expect(squares(2, jobs)).rejects.toThrow(words);
  });

  it("a job that never returns is ended by a signal", async () => {
    const stop = new AbortController();
    let spinning = 0;
    const stopped = squares(2, [{ kind: "spin" }, { kind: "spin" }], {
      signal: stop.signal,
      onReport() {
        if (++spinning === 2) stop.abort(new Error("long enough"));
      },
    });
    await expect(stopped).rejects.toThrow("long enough");
  });
});

it("refuses a number of workers that is none", async () => {
  await expect(squares(0, [square(1)])).rejects.toThrow("workers: found 0, expected an integer >= 1");
});
