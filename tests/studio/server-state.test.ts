import { describe, expect, it } from "vitest";
import type { JobState, PolicySummary } from "../../src/browser.ts";
import { readServerMessage } from "../../studio/src/link/connection.ts";
import {
  addLoss,
  annotated,
  backoff,
  isRunning,
  isStudioSummary,
  type LossPoint,
  policiesOf,
  unconfirmed,
  upsert,
} from "../../studio/src/server/view.ts";
import { summaryOf } from "./episodes.ts";

const job = (part: Partial<JobState>): JobState => ({
  id: "job-1",
  task: "driving",
  kind: "train",
  head: "l2",
  state: "training",
  update: 0,
  updates: 1000,
  loss: null,
  rate: null,
  secondsLeft: null,
  policy: null,
  error: null,
  ...part,
});

describe("what the page knows of the server", () => {
  it("keeps one of each, in their order", () => {
    const all = [
      { id: "a", n: 1 },
      { id: "b", n: 1 },
    ];
    expect(upsert(all, { id: "a", n: 2 })).toEqual([
      { id: "a", n: 2 },
      { id: "b", n: 1 },
    ]);
    expect(upsert(all, { id: "c", n: 1 }).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("draws a job's curve, and draws it anew where the job goes back to a checkpoint", () => {
    const told = [
      job({ state: "collecting" }),
      job({ update: 0, loss: null }),
      job({ update: 100, loss: 1 }),
      job({ update: 100, loss: 1 }),
      job({ update: 200, loss: 0.5 }),
      job({ update: 150, loss: 0.7 }),
      job({ update: 1000, loss: 0.1, state: "judging" }),
    ];
    expect(told.reduce<readonly LossPoint[]>(addLoss, [])).toEqual([
      { update: 100, loss: 1 },
      { update: 150, loss: 0.7 },
    ]);
    const curve = [{ update: 100, loss: 1 }];
    // the same array: nothing is drawn again
    expect(addLoss(curve, told[2])).toBe(curve);
  });

  it("knows which jobs go on", () => {
    const states = ["waiting", "collecting", "training", "judging", "finished", "failed", "stopped"] as const;
    expect(states.filter((state) => isRunning(job({ state })))).toEqual([
      "waiting",
      "collecting",
      "training",
      "judging",
    ]);
  });

  it("shows annotations before the server has heard them, the last word counting", () => {
    const episodes = [summaryOf("a", [["expert", 3]]), summaryOf("b", [["expert", 3]], { deleted: true })];
    const [a, b] = annotated(episodes, [
      { kind: "deletion", episode: "a", deleted: true },
      { kind: "success", episode: "a", success: true },
      { kind: "success", episode: "a", success: false },
      { kind: "deletion", episode: "b", deleted: false },
      { kind: "label", episode: "b", step: 1, label: [0, 0] },
    ]);
    expect([a.deleted, a.success, b.deleted, b.success]).toEqual([true, false, false, true]);
  });

  it("says again only what the list does not bear out; of labels it says nothing", () => {
    const episodes = [summaryOf("a", [["expert", 3]], { deleted: true, success: null })];
    const all = [
      { kind: "deletion", episode: "a", deleted: true },
      { kind: "success", episode: "a", success: true },
      { kind: "label", episode: "a", step: 1, label: [0, 0] },
      { kind: "deletion", episode: "unknown", deleted: true },
    ] as const;
    const plain = all.map((one) => ("label" in one ? { ...one, label: [0, 0] } : one));
    expect(unconfirmed(plain, episodes).map(({ kind, episode }) => `${kind} ${episode}`)).toEqual([
      "success a",
      "label a",
      "deletion unknown",
    ]);
  });

  it("waits longer each time, but never more than 8 s", () =>
    expect([0, 1, 2, 3, 4, 5, 50].map(backoff)).toEqual([0.5, 1, 2, 4, 8, 8, 8]));

  it("passes over what is no message", () => {
    for (const data of ["", "{", "null", "7", "{}", new ArrayBuffer(3)]) expect(readServerMessage(data)).toBeNull();
    expect(readServerMessage('{"kind":"changed","task":"driving"}')).toEqual({ kind: "changed", task: "driving" });
  });

  it("tells a server from a host of static pages, which answers anything", () => {
    expect(isStudioSummary({ version: "1", tasks: [], jobs: [], policies: [], heads: [] })).toBe(true);
    for (const answer of [null, "<!doctype html>", {}, { tasks: [] }]) expect(isStudioSummary(answer)).toBe(false);
  });

  it("lists the policies of a task, the newest first", () => {
    const policy = (id: string, task: string, created: number) => ({ id, task, created }) as PolicySummary;
    const all = [policy("driving-1", "driving", 1), policy("push-t-1", "push-t", 2), policy("driving-2", "driving", 3)];
    expect(policiesOf(all, "driving").map(({ id }) => id)).toEqual(["driving-2", "driving-1"]);
  });
});
