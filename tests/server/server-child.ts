/** A server in a process of its own, until the test that started it kills it: `server-child.ts DATA PORT`. */
import { startStudio } from "../../src/server/index.ts";
import { idleJobs } from "./idle-jobs.ts";

const [data, port] = process.argv.slice(2);
const server = await startStudio({
  data,
  port: Number(port),
  host: "127.0.0.1",
  certificate: null,
  firstPolicy: false,
  makeJobs: idleJobs(),
});
process.stdout.write(`${server.addresses[0]}\n`);
