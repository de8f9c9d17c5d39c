/** Runs jobs in threads: results in the order of the jobs, whichever thread was first. */
import { Worker } from "node:worker_threads";
import { errorOf, type FromThread, failureOf, makeWork, type ThreadData, type ToThread } from "./job.ts";
import { isSource, siblingModule } from "./module.ts";

export interface PoolOptions<Job> {
  /** Address of the module (siblingModule), and the name of its export: a `(setup) => Work`. */
  readonly module: string;
  readonly exportName: string;
  /** What the export is called with, once in each thread. */
  readonly setup?: unknown;
  readonly jobs: readonly Job[];
  /** How many threads; 1 does the jobs in this thread, one after another, without starting any. */
  readonly workers: number;
  /** What a job is called in errors; "job 3" where this is left out. */
  readonly nameOf?: (job: Job, index: number) => string;
  /**
   * What this thread makes of a job's result, in its place; the worker gets its next job afterwards, so that results do not
   * pile up. One at a time, in the order in which jobs end.
   */
  readonly finish?: (result: never, index: number) => unknown;
  /** After each job. */
  readonly onProgress?: (finished: number, total: number) => void;
  /** What a job tells while it runs. */
  readonly onReport?: (value: unknown, index: number) => void;
  /** The jobs are told; a thread that does not end soon is ended wherever it is. */
  readonly signal?: AbortSignal;
}

/**
 * The results of the jobs, in their order. Each thread does one job at a time and takes the next as soon as it is free, so
 * jobs must not depend on one another. Rejects with the first failure, when every thread has ended: an Error that begins with the
 * job's name (an InputError comes as it was thrown), also where a thread dies in the middle of a job; and with the
 * signal's reason. Throws RangeError unless `workers` is an integer >= 1.
 */
export async function runJobs<Job, Result>(options: PoolOptions<Job>): Promise<Result[]> {
  const { workers, jobs, signal } = options;
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`workers: found ${workers}, expected an integer >= 1`);
  }
  signal?.throwIfAborted();
  if (jobs.length === 0) return [];
  const results = workers === 1 ? await runHere(options) : await runInThreads(options);
  return results as Result[];
}

async function runHere<Job>(options: PoolOptions<Job>): Promise<unknown[]> {
  const { module, exportName, setup, jobs, finish, onProgress, onReport } = options;
  const { signal = new AbortController().signal } = options;
  const work = await makeWork({ module, exportName, setup }).catch((error) => {
    throw errorOf(failureOf(error), `worker ${exportName}`);
  });
  const results: unknown[] = [];
  try {
    for (const [index, job] of jobs.entries()) {
      signal.throwIfAborted();
      const report = (value: unknown) => onReport?.(value, index);
      try {
        const result = await work.run(job, { report, signal });
        results.push(finish ? await finish(result as never, index) : result);
      } catch (error) {
        signal.throwIfAborted();
        throw errorOf(failureOf(error), nameOfJob(options, index));
      }
      signal.throwIfAborted();
      onProgress?.(results.length, jobs.length);
    }
  } finally {
    await work.close?.();
  }
  return results;
}

const nameOfJob = <Job>({ jobs, nameOf }: PoolOptions<Job>, index: number): string =>
  nameOf?.(jobs[index], index) ?? `job ${index}`;

async function runInThreads<Job>(options: PoolOptions<Job>): Promise<unknown[]> {
  const { module, exportName, setup, jobs, workers, finish, onProgress, onReport, signal } = options;
  const results: unknown[] = new Array(jobs.length);
  let next = 0;
  let finished = 0;
  let failed = false;
  let fail: (error: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = (error) => {
      failed = true;
      reject(error);
    };
  });
  failure.catch(() => {});
  let turn: Promise<unknown> = Promise.resolve();
  const finishInTurn = (result: unknown, index: number): Promise<void> => {
    turn = turn.then(async () => {
      if (failed) return;
      results[index] = finish ? await finish(result as never, index) : result;
      onProgress?.(++finished, jobs.length);
    });
    return turn as Promise<void>;
  };

  const startThread = (): { thread: Worker; ended: Promise<void> } => {
    const thread = new Worker(...threadArguments({ module, exportName, setup }));
    const send = (message: ToThread) => thread.postMessage(message);
    let current: number | null = null;
    const where = () => (current === null ? `worker ${options.exportName}` : nameOfJob(options, current));
    const takeNext = () => {
      current = next < jobs.length ? next++ : null;
      send(current === null ? { kind: "end" } : { kind: "job", index: current, job: jobs[current] });
    };
    thread.on("message", (message: FromThread) => {
      if (failed) return;
      if (message.kind === "report") return onReport?.(message.value, message.index);
      if (message.kind === "failure") return fail(errorOf(message.failure, where()));
      if (message.kind === "ready") return takeNext();
      finishInTurn(message.result, message.index).then(takeNext, (error) => fail(errorOf(failureOf(error), where())));
    });
    thread.on("messageerror", (error) => fail(errorOf(failureOf(error), where())));
    // an error that nothing caught, or memory that ran out
    thread.on("error", (error) => fail(errorOf(failureOf(error), `${where()}: the worker died`)));
    const ended = new Promise<void>((settle) => {
      thread.on("exit", (code) => {
        if (current !== null) fail(new Error(`${where()}: the worker died (exit code ${code})`));
        settle();
      });
    });
    return { thread, ended };
  };

  const onAbort = () => fail(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const threads = Array.from({ length: Math.min(workers, jobs.length) }, startThread);
  const allEnded = Promise.all(threads.map(({ ended }) => ended));
  try {
    await Promise.race([allEnded, failure]);
    if (failed) await failure;
    return results;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (failed) await stopThreads(threads);
    await allEnded;
    await turn.catch(() => {});
  }
}

/** How long threads have to end their jobs by themselves, ms. */
const GRACE = 2000;

/**
 * Tells the threads to stop, and ends those that do not. A thread that is ended in the middle of a native call of ONNX Runtime
 * can take the process with it: jobs that heed their signal are let go in time.
 */
async function stopThreads(threads: readonly { thread: Worker; ended: Promise<void> }[]): Promise<void> {
  for (const { thread } of threads) thread.postMessage({ kind: "stop" } satisfies ToThread);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((settle) => {
    timer = setTimeout(settle, GRACE);
  });
  await Promise.race([Promise.all(threads.map(({ ended }) => ended)), late]);
  clearTimeout(timer);
  for (const { thread } of threads) thread.terminate();
}

/** A thread of source needs what reads TypeScript: whether this one has it, as under vitest, is not to be relied on. */
function threadArguments(data: ThreadData): ConstructorParameters<typeof Worker> {
  const thread = siblingModule(import.meta.url, "thread");
  if (!isSource(import.meta.url)) return [new URL(thread), { workerData: data }];
  const [from, what] = [import.meta.resolve("tsx/esm/api"), thread].map((address) => JSON.stringify(address));
  const code = `import(${from}).then(({ tsImport }) => tsImport(${what}, ${what}));`;
  return [code, { eval: true, workerData: data, execArgv: [] }];
}
