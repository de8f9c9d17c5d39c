import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { evaluatePolicy } from "../../src/verbs/index.ts";
import { temporaryFolders } from "./fixture.ts";
import { childrenOf, demonstrated, type HeardJobs, OVER, openJobs, QUICK, record } from "./jobs-fixture.ts";

const newFolder = temporaryFolders();
const { task, head, updates } = QUICK;
const quick = { task, head, updates };
/** Where it does not matter what is learned. */
const few = { task, head, updates: 2 };
/** More updates than any test waits for. */
const ENDLESS = { task, head, updates: 1_000_000 };
const WAIT = 300_000;

const opened: HeardJobs[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ jobs }) => jobs.close()));
});

function open(data: string, options?: { priority?: number }): HeardJobs {
  const heard = openJobs(data, options);
  opened.push(heard);
  return heard;
}

/** A folder with five demonstrations of the quick task. */
async function folderToLearnFrom(): Promise<string> {
  const data = newFolder();
  const episodes = await demonstrated([1, 2, 3, 4, 5]);
  await record(data, Object.fromEntries(episodes.map((episode, i) => [`episode-${i}`, episode])));
  return data;
}

const policiesIn = (data: string) => readdirSync(join(data, task, "policies"));

describe("a training", () => {
  it("leaves a policy that can drive: there as a whole, then judged", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { jobs, states, policies, over } = open(data);
    const { id } = jobs.train(quick);
    expect(await over(id)).toMatchObject({ state: "finished", policy: "cart-pole-1", update: 200, error: null });

    const order = states.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
    expect(order).toEqual(["waiting", "training", "judging", "finished"]);
    const progress = states.filter(({ update, state }) => state === "training" && update > 0);
    expect(progress.length).toBeGreaterThan(0);
    for (const { loss, rate, secondsLeft } of progress) {
      expect(Number.isFinite(loss) && (rate ?? 0) > 0 && (secondsLeft ?? -1) >= 0).toBe(true);
    }
    // there before it is judged, and once more afterwards
    const [fresh, judged] = policies;
    expect(policies.length).toBe(2);
    expect(fresh).toMatchObject({
      id: "cart-pole-1",
      success: null,
      gate: null,
      origin: "recorded",
      weighting: "expert",
    });
    // five episodes of 500 steps
    expect(fresh.learned).toEqual({ episodes: 5, scripted: 0, expertSteps: 2500 });
    expect(judged).toMatchObject({ ...fresh, success: { n: 50 } });
    // Measured: 50 of 50; without a policy the pole has fallen after 10 steps or so.
    expect(judged.success?.rate).toBeGreaterThan(0.7);
    expect(judged.success?.low).toBeLessThan(judged.success?.rate ?? 0);

    expect(policiesIn(data)).toEqual(["cart-pole-1"]);
    expect(jobs.policies()).toEqual([judged]);
    expect(jobs.policies("driving")).toEqual([]);
    const file = jobs.policyFile(task, "cart-pole-1");
    const { success } = await evaluatePolicy({ policy: file as string, episodes: 5 });
    expect(success.rate).toBeGreaterThan(0.5);

    // the next server knows all of it
    await jobs.close();
    const next = open(data);
    expect(next.jobs.policies(task)).toEqual([judged]);
    expect(next.jobs.jobs()).toEqual([states.at(-1)]);
  });

  it("takes a head that draws, and says when its gate is to ask", { timeout: WAIT }, async () => {
    const { jobs, over } = open(await folderToLearnFrom());
    expect(jobs.heads[0]).toBe("diffusion");
    await over(jobs.train({ task, head: "diffusion", updates: 400 }).id);
    const [{ success, gate }] = jobs.policies();
    // a threshold needs nine successes
    if ((success?.rate ?? 0) * 50 < 9) expect(gate).toBeNull();
    else {
      expect(gate).toMatchObject({ score: "stac", falseAlarms: 0.1 });
      expect(gate?.threshold).toBeGreaterThan(0);
    }
  });

  it("is refused where there is nothing to learn from, or no such task or head", async () => {
    const data = newFolder();
    const { jobs } = open(data);
    expect(() => jobs.train(quick)).toThrow(InputError);
    expect(() => jobs.train(quick)).toThrow("cart-pole: found no episode");
    expect(() => jobs.train({ ...quick, task: "cart-pol" })).toThrow('did you mean "cart-pole"');
    await record(data, { a: (await demonstrated([1]))[0] });
    expect(() => jobs.train({ ...quick, head: "l3" })).toThrow('head: found "l3", expected one of diffusion, l2');
    expect(() => jobs.stop("job-7")).toThrow(InputError);
    expect(jobs.policyFile(task, "cart-pole-1")).toBeNull();
    expect(jobs.policyFile(task, "../../secret")).toBeNull();
    expect(jobs.jobs()).toEqual([]);
  });
});

describe("jobs in line", () => {
  it("are done one after another", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { jobs, states, over } = open(data);
    const ids = [0, 1].map(() => jobs.train(few).id);
    expect(new Set(ids).size).toBe(2);
    await Promise.all(ids.map(over));
    const atWork = new Map<string, boolean>();
    for (const { id, state } of states) {
      atWork.set(id, !OVER.includes(state) && state !== "waiting");
      expect([...atWork.values()].filter(Boolean).length).toBeLessThanOrEqual(1);
    }
    expect(jobs.jobs().map(({ policy }) => policy)).toEqual(["cart-pole-1", "cart-pole-2"]);
  });

  it("are stopped where they wait and where they run, and nothing is left of them", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { jobs, until, over } = open(data);
    const running = jobs.train(ENDLESS).id;
    const waiting = jobs.train(ENDLESS).id;
    const last = jobs.train(few).id;
    await until(running, ({ update }) => update > 0);
    jobs.stop(waiting);
    jobs.stop(running);
    jobs.stop(running);
    expect(await over(running)).toMatchObject({ state: "stopped", policy: null, error: null });
    expect(await over(waiting)).toMatchObject({ state: "stopped", update: 0 });
    expect(await over(last)).toMatchObject({ state: "finished", policy: "cart-pole-1" });
    expect(policiesIn(data)).toEqual(["cart-pole-1"]);
    // what is over stays as it is
    jobs.stop(last);
    expect(jobs.jobs().map(({ state }) => state)).toEqual(["stopped", "stopped", "finished"]);
  });
});

describe("the process of a job", () => {
  it("comes after all others of the machine", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { jobs } = open(data, {});
    jobs.train(ENDLESS);
    const [child] = childrenOf(process.pid);
    expect(getPriority(child)).toBe(19);
  });
});

describe("a job that fails", () => {
  it("says that its process was killed; the server goes on", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { jobs, until, over } = open(data);
    const { id } = jobs.train(ENDLESS);
    await until(id, ({ update }) => update > 0);
    const children = childrenOf(process.pid);
    expect(children.length).toBe(1);
    expect(getPriority(children[0])).toBe(getPriority());
    process.kill(children[0], "SIGKILL");
    expect(await over(id)).toMatchObject({ state: "failed", error: "the training process died (SIGKILL)" });
    expect(policiesIn(data)).toEqual([]);
    expect(await over(jobs.train(few).id)).toMatchObject({ state: "finished" });
  });

  it("names the episode that is damaged, until it is deleted", { timeout: WAIT }, async () => {
    const data = newFolder();
    const [first, second] = await demonstrated([1, 2]);
    const store = await record(data, { good: first, bad: second });
    const file = join(store.path, "episodes", "bad.mcap");
    const bytes = readFileSync(file);
    // where no kill leaves damage
    const middle = bytes.length >> 1;
    writeFileSync(file, bytes.fill(0xff, middle, middle + 64));
    const { jobs, over } = open(data);
    const failed = await over(jobs.train(few).id);
    expect(failed.state).toBe("failed");
    expect(failed.error).toContain(file);
    expect(failed.error).not.toContain("\n");
    store.annotate({ kind: "deletion", episode: "bad", deleted: true });
    expect(await over(jobs.train(few).id)).toMatchObject({ state: "finished", policy: "cart-pole-1" });
  });
});
