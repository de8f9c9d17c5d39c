/**
 * A server's jobs that are killed by the test that started them: `jobs-child.ts FOLDER MOMENT`. Says which process trains, then
 * kills itself where its policy has just appeared (MOMENT is "policy"), or waits to be killed.
 */
import { writeSync } from "node:fs";
import { createJobs } from "../../src/server/jobs/index.ts";
import { childrenOf, QUICK } from "./jobs-fixture.ts";

const [data, moment] = process.argv.slice(2);
const { task, head } = QUICK;
let said = false;
const jobs = createJobs({
  data,
  priority: 0,
  onJob({ update }) {
    if (said || update === 0) return;
    said = true;
    writeSync(1, `${childrenOf(process.pid).join(" ")}\n`);
  },
  onPolicy() {
    if (moment === "policy") process.kill(process.pid, "SIGKILL");
  },
});
jobs.train({ task, head, updates: moment === "policy" ? QUICK.updates : 1_000_000 });
