/** What runs in each thread of a pool: makes the work once, then does the jobs it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { type FromThread, failureOf, makeWork, type ThreadData, type ToThread, type Work } from "./job.ts";

const port = parentPort;
if (!port) throw new Error("workers: thread.ts runs in a worker thread only");
const send = (message: FromThread) => port.postMessage(message);
// The pool ends a thread whose job is no longer wanted; there is no signal from within.
const { signal } = new AbortController();

async function start(): Promise<Work<unknown, unknown> | null> {
  try {
    return await makeWork(workerData as ThreadData);
  } catch (error) {
    send({ kind: "failure", index: null, failure: failureOf(error) });
    return null;
  }
}

const work = await start();
if (work) {
  port.on("message", async (message: ToThread) => {
    if (message.kind === "end") {
      await work.close?.();
      port.close();
      return;
    }
    const { index, job } = message;
    try {
      const report = (value: unknown) => send({ kind: "report", index, value });
      send({ kind: "result", index, result: await work.run(job, { report, signal }) });
    } catch (error) {
      send({ kind: "failure", index, failure: failureOf(error) });
    }
  });
  send({ kind: "ready" });
}
