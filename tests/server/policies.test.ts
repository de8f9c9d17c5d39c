/** Policies and jobs, as far as the server hands them on; what makes them is tested in tests/server/jobs. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { exportPolicy } from "../../src/policies/index.ts";
import type { JobState, PolicySummary } from "../../src/protocol/index.ts";
import type { JobsOptions } from "../../src/server/jobs/index.ts";
import { ONE_OF_EACH } from "../policies/every.ts";
import { openPage, openStudio, temporaryFolders, visitorOf } from "./fixture.ts";
import { idleJobs } from "./idle-jobs.ts";

const newFolder = temporaryFolders();

it("hands out a policy, and refuses by name one that is damaged, cut short, another thing or gone", async () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "policy.onnx");
  const policyFile = (task: string, id: string) => (task === "push-t" && id === "push-t-1" ? file : null);
  const server = await openStudio({ data: newFolder(), makeJobs: idleJobs([], { policyFile }) });
  const [address] = server.addresses;
  const get = await visitorOf(address);
  const whole = Buffer.from(exportPolicy(ONE_OF_EACH[0].policy));
  writeFileSync(file, whole);
  const answer = await get("/api/tasks/push-t/policies/push-t-1/policy.onnx");
  expect(answer).toMatchObject({ status: 200, headers: { "content-type": "application/octet-stream" } });
  expect(answer.body.equals(whole)).toBe(true);
  // One wrong bit, in the middle of the weights: a model all the same, and another.
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1] ^= 1;
  for (const broken of [
    whole.subarray(0, whole.length >> 1),
    Buffer.alloc(0),
    Buffer.from("no model"),
    flipped,
    Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0xff)]),
  ]) {
    writeFileSync(file, broken);
    const refused = await get("/api/tasks/push-t/policies/push-t-1/policy.onnx");
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/^policy push-t-1: [^\n]*\n$/);
  }
  writeFileSync(file, whole);
  expect((await get("/api/tasks/push-t/policies/push-t-1/policy.onnx")).status).toBe(200);
  rmSync(file);
  expect((await get("/api/tasks/push-t/policies/push-t-1/policy.onnx")).text).toBe(
    "policy push-t-1: cannot be read (ENOENT)\n",
  );
  for (const absent of ["push-t-2", "..", "a%2fb", "push-t-1%2f..", "%2e%2e"]) {
    expect([400, 404]).toContain((await get(`/api/tasks/push-t/policies/${absent}/policy.onnx`)).status);
  }
  expect((await get("/api/tasks/driving/policies/push-t-1/policy.onnx")).status).toBe(404);
});

const job: JobState = {
  ...{ id: "job-1", task: "push-t", kind: "train", head: "l2", state: "training", update: 5, updates: 10 },
  ...{ loss: 0.5, rate: 100, secondsLeft: 3, policy: null, error: null },
};
const policy: PolicySummary = {
  ...{
    id: "push-t-1",
    task: "push-t",
    head: "l2",
    created: 1.7e9,
    origin: "recorded",
    weighting: "expert",
    updates: 10,
  },
  ...{ learned: { episodes: 1, scripted: 0, expertSteps: 9 }, success: null, gate: null },
};

it("tells every page of jobs and policies, hands requests on, and refusals back", async () => {
  const asked: unknown[] = [];
  let told: JobsOptions | undefined;
  const makeJobs = (options: JobsOptions) => {
    told = options;
    return idleJobs(asked, {
      jobs: () => [job],
      policies: () => [policy],
      train(request) {
        asked.push(request);
        if (request.head === "none") throw new InputError('train: head: found "none", expected one of l2');
        return job;
      },
    })();
  };
  const server = await openStudio({ data: newFolder(), makeJobs, firstPolicy: true });
  const [address] = server.addresses;
  // The first task's policy is begun at once, another's when somebody looks at it.
  expect(asked).toEqual(["driving"]);
  const get = await visitorOf(address);
  expect(JSON.parse((await get("/api/tasks/push-t/policies")).text)).toEqual([policy]);
  expect(asked).toEqual(["driving", "push-t"]);
  expect(JSON.parse((await get("/api/studio")).text)).toMatchObject({
    jobs: [job],
    policies: [policy],
    heads: ["l2"],
  });
  const pages = [await openPage(address), await openPage(address, { operator: "Bob" })];
  told?.onJob(job);
  told?.onPolicy(policy);
  for (const page of pages) {
    expect(await page.next((one) => one.kind === "job")).toEqual({ kind: "job", job });
    expect(await page.next((one) => one.kind === "policy")).toEqual({ kind: "policy", policy });
  }
  pages[0].say({ kind: "train", task: "push-t", head: "l2", operators: ["Ada"] });
  pages[0].say({ kind: "train", task: "push-t", head: "none" });
  expect(await pages[0].next((one) => one.kind === "refused")).toMatchObject({
    of: "train",
    task: "push-t",
    reason: 'train: head: found "none", expected one of l2',
  });
  pages[1].say({ kind: "stop", job: "job-1" });
  await expect.poll(() => asked.length).toBe(5);
  expect(asked.slice(2)).toEqual([
    { task: "push-t", head: "l2", operators: ["Ada"] },
    { task: "push-t", head: "none" },
    "job-1",
  ]);
});

it("goes on where a part of it fails, and says so where it was started", async () => {
  const faults: unknown[] = [];
  const makeJobs = idleJobs([], {
    train: () => {
      throw new Error("a fault of ours, with secrets");
    },
    policies: () => {
      throw new Error("a fault of ours, with secrets");
    },
  });
  const server = await openStudio({ data: newFolder(), makeJobs, onFault: (error) => faults.push(error) });
  const [address] = server.addresses;
  const page = await openPage(address);
  page.say({ kind: "train", task: "push-t", head: "l2" });
  const refused = await page.next((one) => one.kind === "refused");
  expect(refused.kind === "refused" && refused.reason).toBe("the server failed; its terminal says how");
  const get = await visitorOf(address);
  const answer = await get("/api/tasks/push-t/policies");
  expect(answer).toMatchObject({ status: 500, text: "the server failed; its terminal says how\n" });
  expect(faults.length).toBe(2);
  expect((await get("/api/tasks/push-t/episodes")).status).toBe(200);
});
