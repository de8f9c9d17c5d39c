/** What runs in each thread of a pool: makes the work once, then does the jobs it is sent. */
import { parentPort, workerData } from "node:worker_threads";
import { type FromThread, failureOf, makeWork, type ThreadData, type ToThread, type Work } from "./job.ts";

const port = parentPort;
if (!port) throw new Error("workers: thread.ts runs in a worker thread only");
const send = (message: FromThread) => port.postMessage(message);
const stop = new AbortController();
const { signal } = stop;

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
  let running: Promise<void> = Promise.resolve();
  const close = async () => {
    await running;
    await work.close?.();
    port.close();
  };
  const run = async (index: number, job: unknown) => {
    try {
      const report = (value: unknown) => send({ kind: "report", index, value });
      send({ kind: "result", index, result: await work.run(job, { report, signal }) });
    } catch (error) {
      send({ kind: "failure", index, failure: failureOf(error) });
    }
  };
  port.on("message", async (message: ToThread) => {
    if (message.kind === "job") {
      running = run(message.index, message.job);
      return;
    }
    if (message.kind === "stop") stop.abort(new Error("stopped"));
    await close();
  });
  send({ kind: "ready" });
}
