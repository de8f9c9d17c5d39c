import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../src/datasets/node.ts";
import { evaluatePolicy } from "../../src/verbs/index.ts";
import { temporaryFolders } from "./fixture.ts";
import { demonstrated, openJobs, QUICK, record } from "./jobs-fixture.ts";

const newFolder = temporaryFolders();
const WAIT = 600_000;

it("a first policy is made by the server itself, steps aside for what a person asks, and drives", {
  timeout: WAIT,
}, async () => {
  const data = newFolder();
  await record(data, { a: (await demonstrated([1]))[0] });
  const { jobs, states, policies, until, over } = openJobs(data);
  const first = jobs.startFirst("driving");
  expect(first).toMatchObject({ kind: "first", task: "driving", head: "diffusion" });
  const id = first?.id as string;
  // it is at work already, and the quick task has data
  expect(jobs.startFirst("driving")).toBeNull();
  expect(jobs.startFirst(QUICK.task)).toBeNull();

  await until(id, ({ update }) => update > 0);
  const asked = jobs.train({ task: QUICK.task, head: QUICK.head, updates: 2 });
  await over(asked.id);
  expect((await over(id)).state).toBe("finished");
  const of = (job: string) => states.filter((one) => one.id === job).map(({ state }) => state);
  const changes = of(id).filter((state, i, all) => state !== all[i - 1]);
  expect(changes).toEqual([
    "waiting",
    "collecting",
    "training",
    "waiting",
    "collecting",
    "training",
    "judging",
    "finished",
  ]);
  expect(states.findIndex((job) => job.id === asked.id && job.state === "finished")).toBeLessThan(
    states.findIndex((job) => job.id === id && job.state === "judging"),
  );

  const judged = policies.findLast((policy) => policy.task === "driving");
  expect(judged).toMatchObject({ id: "driving-1", origin: "scripted", learned: { episodes: 10, scripted: 10 } });
  // Measured: 0.4 of 50; good enough to watch, bad enough to correct.
  expect(judged?.success?.rate).toBeGreaterThan(0.1);
  expect(judged?.success?.rate).toBeLessThan(0.9);
  const policy = jobs.policyFile("driving", "driving-1") as string;
  const { success } = await evaluatePolicy({ policy, episodes: 20 });
  expect(success.rate).toBeGreaterThan(0);

  // its demonstrations are its own, not the person's
  expect(existsSync(join(data, "driving", "dataset"))).toBe(false);
  const store = await openStore(join(data, "driving", "policies", "driving-1", "demonstrations"));
  expect(store.episodeIds().length).toBe(10);
  expect(store.provenance.notes).toContain("scripted expert: left");
  expect(jobs.startFirst("driving")).toBeNull();
  await jobs.close();
});
