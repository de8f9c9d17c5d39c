/** What a worker's module offers, and the messages between a pool and its threads. */
import { InputError } from "../base/index.ts";

export interface WorkContext {
  /** Tells the pool how far the job is; any value that can be cloned. */
  report(value: unknown): void;
  readonly signal: AbortSignal;
}

/**
 * What the named export of a worker's module makes of a pool's setup, once per thread: `(setup) => Work`, or a promise of
 * it. `run` is called for one job after another.
 */
export interface Work<Job, Result> {
  run(job: Job, context: WorkContext): Result | Promise<Result>;
  /** After the last job; frees what the thread holds. */
  close?(): void | Promise<void>;
}

export type MakeWork = (setup: unknown) => Work<unknown, unknown> | Promise<Work<unknown, unknown>>;

/** What a thread is started with. */
export interface ThreadData {
  readonly module: string;
  readonly exportName: string;
  readonly setup: unknown;
}

export type ToThread =
  | { readonly kind: "job"; readonly index: number; readonly job: unknown }
  | { readonly kind: "end" }
  /** Its job is no longer wanted: the job's signal says so, and when it is over the thread ends. */
  | { readonly kind: "stop" };

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "report"; readonly index: number; readonly value: unknown }
  | { readonly kind: "result"; readonly index: number; readonly result: unknown }
  /** `index` is null where the work could not be made. */
  | { readonly kind: "failure"; readonly index: number | null; readonly failure: Failure };

/** An error on its way between threads, where classes are lost. */
export interface Failure {
  readonly message: string;
  readonly stack: string | undefined;
  readonly isInput: boolean;
}

export function failureOf(error: unknown): Failure {
  const isError = error instanceof Error;
  return {
    message: isError ? error.message : String(error),
    stack: isError ? error.stack : undefined,
    isInput: error instanceof InputError,
  };
}

/** The error again. An InputError's line is for the caller as it is; another is put after `where`. */
export function errorOf({ message, stack, isInput }: Failure, where: string): Error {
  if (isInput) return new InputError(message);
  const error = new Error(`${where}: ${message}`);
  if (stack) error.stack = `${error.message}\n${stack}`;
  return error;
}

/** The export of a worker's module, made ready. */
export async function makeWork({ module, exportName, setup }: ThreadData): Promise<Work<unknown, unknown>> {
  const loaded: Record<string, unknown> = await import(/* @vite-ignore */ module);
  const make = loaded[exportName];
  if (typeof make !== "function") throw new Error(`${module}: found no function "${exportName}"`);
  return (make as MakeWork)(setup);
}
