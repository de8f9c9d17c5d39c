/** Starts the process of a job, and hears how it goes. */
import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { siblingModule } from "../../workers/index.ts";
import type { FromProcess, ToProcess } from "./messages.ts";

export interface RunningJob {
  /** Ends it wherever it is. */
  kill(): void;
  /** What came of it: null where it is finished, else why not, in one line. */
  readonly ended: Promise<string | null>;
}

/** Characters of its standard error that are kept, to say what it died of. */
const KEPT = 4000;

export function startJob(order: ToProcess, onMessage: (message: FromProcess) => void): RunningJob {
  const child = fork(fileURLToPath(siblingModule(import.meta.url, "child")), [], {
    execArgv: isSource ? ["--import", import.meta.resolve("tsx")] : [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  lower(child, order.priority);
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT);
  });
  let outcome: string | null | undefined;
  const ended = new Promise<string | null>((settle) => {
    child.on("message", (message: FromProcess) => {
      if (message.kind === "finished") outcome = null;
      else if (message.kind === "failed") outcome = message.error;
      else onMessage(message);
    });
    child.on("error", (error) => settle(`the training process could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      const last = errors.trimEnd().split("\n").at(-1);
      const how = signal ?? `exit code ${code}`;
      settle(outcome === undefined ? `the training process died (${how})${last ? `: ${last}` : ""}` : outcome);
    });
  });
  child.send(order, () => {});
  return { kill: () => child.kill("SIGKILL"), ended };
}

const isSource = new URL(import.meta.url).pathname.endsWith(".ts");

/** Before it has threads of its own, which inherit it; the process does the same again for itself. */
function lower({ pid }: ChildProcess, priority: number): void {
  try {
    if (pid !== undefined) setPriority(pid, priority);
  } catch {
    // It may be gone already, and says so itself.
  }
}
