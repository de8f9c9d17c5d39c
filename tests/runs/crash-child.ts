/** Records and saves without end, until the test that started it kills it: `crash-child.ts RUN`. */
import { createRun, openRun } from "../../src/runs/node.ts";
import { crashTensors } from "./crash-tensors.ts";

const path = process.argv[2];
const run = await openRun(path).catch(() => createRun(path, { task: "crash" }));
const latest = await run.latestCheckpoint();
if (latest) await run.rewind(latest.update);

for (let update = (latest?.update ?? 0) + 1; ; update++) {
  run.appendMetrics({ update, loss: 1 / update });
  const state = { update, text: "x".repeat(1000) };
  await run.saveCheckpoint({ update, tensors: crashTensors(update), state });
  await run.saveCheckpoint({ update, tensors: crashTensors(update), state }, { name: "best" });
  process.stdout.write(`${update}\n`);
}
