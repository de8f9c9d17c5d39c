import { afterEach, describe, expect, it } from "vitest";
import { toOnnx } from "../../src/onnx/index.ts";
import { input, program, tanh } from "../../src/tensor/index.ts";
import { testServer } from "./link-server.ts";
import { policyFile } from "./session-policy.ts";
import { type Stage, stage } from "./session-stage.ts";
import { expectReplay } from "./session-truth.ts";

const opened: Stage[] = [];
function begin(options: Parameters<typeof stage>[0] = {}): Stage {
  const one = stage(options);
  opened.push(one);
  return one;
}
afterEach(async () => {
  for (const one of opened.splice(0)) await one.host.close();
});

describe("demonstrating", () => {
  it.each(["driving", "push-t"])("%s: records each step that the person drives, as it was simulated", async (task) => {
    const all = begin();
    await all.open({ task });
    expect(all.of("opened")[0]).toMatchObject({ controlRate: task === "driving" ? 20 : 10 });
    await all.steps(5);
    // Nobody has begun: nothing moves, nothing is recorded.
    expect(all.logged()).toEqual([]);
    all.say({ kind: "request", request: "takeOver" });
    const hands = task === "driving" ? [0.1, 1] : [100, 200];
    all.say({ kind: "input", action: hands });
    await all.steps(20);
    all.say({ kind: "input", action: null });
    await all.steps(10);
    const [{ stored }] = all.logged();
    expect(stored.steps.length).toBe(30);
    expect(all.ticks().filter(({ lanes }) => lanes[0].step > 0).length).toBe(30);
    expect(stored.id).toMatch(/^20261126T0615\d\d-ada-[0-9a-z]{6}$/);
    expect(
      stored.steps.map(({ controller, operator, policyVersion }) => [controller, operator, policyVersion]),
    ).toEqual(Array.from({ length: 30 }, () => ["expert", "Ada", null]));
    expect(stored.steps.slice(0, 20).map(({ action }) => [...action])).toEqual(
      Array.from({ length: 20 }, () => hands.map(Math.fround)),
    );
    expectReplay(task, stored);
  });

  it("goes from one episode to the next, discards one and marks another", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(4);
    all.say({ kind: "next", discard: true, again: true });
    await all.steps(2);
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(6);
    all.say({ kind: "mark", success: true });
    all.say({ kind: "next", discard: false, again: false });
    await all.steps(2);
    const [first, second, ...others] = all.logged();
    expect(others).toEqual([]);
    expect([first.deleted, first.stored.steps.length, first.stored.success]).toEqual([true, 4, null]);
    expect([second.deleted, second.stored.success, second.stored.endInfo]).toEqual([false, true, null]);
    expect(second.stored.seed).toBe(first.stored.seed);
    expect(all.lane().seed).not.toBe(first.stored.seed);
    expect(all.of("episode").map(({ steps, success }) => [steps, success])).toEqual([
      [4, null],
      [second.stored.steps.length, true],
    ]);
  });

  it("ends where the world does, with what it said last", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    // Off the road.
    all.say({ kind: "input", action: [0.5, 3] });
    await all.steps(200);
    const [{ stored }] = all.logged();
    expect(stored.steps.at(-1)?.terminated).toBe(true);
    expect([stored.endInfo?.departure, stored.success]).toEqual([true, false]);
    expectReplay("driving", stored);
  });

  it("keeps who is at the page, step for step", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(3);
    all.say({ kind: "operator", name: "Grace Hopper" });
    await all.steps(3);
    expect(all.logged()[0].stored.steps.map(({ operator }) => operator)).toEqual([
      ...["Ada", "Ada", "Ada"],
      ...["Grace Hopper", "Grace Hopper", "Grace Hopper"],
    ]);
  });
});

describe("watching", () => {
  it("has the person in control in the step after the request, and the policy after the hand-back", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({ head: "diffusion" }, "driving-1") });
    await all.steps(3);
    all.say({ kind: "request", request: "handBack" });
    await all.steps(10);
    all.say({ kind: "input", action: [0, -1] });
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(1);
    expect([all.lane().phase, all.lane().controller, all.lane().action]).toEqual(["expert", "expert", [0, -1]]);
    await all.steps(4);
    all.say({ kind: "request", request: "handBack" });
    await all.steps(5);
    const [{ stored }] = all.logged();
    expect(stored.steps.map(({ controller }) => controller)).toEqual([
      ...Array.from({ length: 10 }, () => "policy"),
      ...Array.from({ length: 5 }, () => "expert"),
      ...Array.from({ length: 5 }, () => "policy"),
    ]);
    expect(new Set(stored.steps.map(({ policyVersion }) => policyVersion))).toEqual(new Set(["driving-1"]));
    expectReplay("driving", stored);
  });

  it("stands while the tab is hidden, whoever drove, waits for the disk, and goes on where it was", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(6);
    const before = all.folder.flushes;
    all.say({ kind: "request", request: "pause" });
    expect(all.folder.flushes).toBe(before + 1);
    await all.steps(30);
    expect([all.lane().phase, all.lane().step]).toEqual(["paused", 6]);
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(2);
    expect([all.lane().phase, all.lane().step, all.logged()[0].stored.steps.length]).toEqual(["expert", 8, 8]);
    expectReplay("driving", all.logged()[0].stored);
  });

  it("records the person's hands as the label in the shadow", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({}, "driving-1") });
    all.say({ kind: "shadow", on: true });
    all.say({ kind: "input", action: [0.25, 1] });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(4);
    const [{ stored }] = all.logged();
    expect(stored.steps.map(({ controller, label }) => [controller, [...label!]])).toEqual(
      Array.from({ length: 4 }, () => ["policy", [0.25, 1]]),
    );
  });

  it("swaps a policy without missing a step, now or at the next episode", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(4);
    all.say({ kind: "swap", policy: policyFile({ head: "gmm" }, "driving-2"), when: "now" });
    await all.steps(3);
    await all.until(() => all.running.size === 2);
    await all.settle();
    for (let step = 0; step < 400 && all.of("swapped").length < 2; step++) await all.steps(1);
    await all.steps(2);
    expect(all.of("swapped").map(({ version }) => version)).toEqual(["driving-1", "driving-2"]);
    // The one that nobody goes by any more is freed.
    expect(all.running.size).toBe(1);
    all.say({ kind: "swap", policy: policyFile({}, "driving-3"), when: "episode" });
    await all.until(() => all.running.size === 2);
    await all.settle();
    await all.steps(3);
    expect(all.lane().policyVersion).toBe("driving-2");
    all.say({ kind: "next", discard: false, again: false });
    await all.steps(3);
    expect(all.lane().policyVersion).toBe("driving-3");
    const [{ stored }] = all.logged();
    const versions = stored.steps.map(({ policyVersion }) => policyVersion);
    const change = versions.indexOf("driving-2");
    expect(versions).toEqual(versions.map((_, step) => (step < change ? "driving-1" : "driving-2")));
    // As many steps as the clock struck while it drove, one after another.
    const numbers = all.ticks().flatMap(({ lanes }) => (lanes[0].episode === stored.id ? [lanes[0].step] : []));
    expect(numbers.filter((step) => step > 0)).toEqual(stored.steps.map((_, step) => step + 1));
    expectReplay("driving", stored);
  });

  const foreign = () => {
    const x = input("observation", [1, 3]);
    return toOnnx(program([x], { y: tanh(x) }), { name: "policy", metadata: {} });
  };
  const whole = policyFile({}, "bad").bytes;
  it.each([
    ["nothing at all", new Uint8Array(0), "policy bad: "],
    ["half a file", whole.slice(0, whole.length / 2), "policy bad: not a readable .onnx file"],
    ["an ONNX file of somebody else", foreign(), 'policy bad: an .onnx file without "apprentice.policy"'],
    ["another task's policy", policyFile({ task: "push-t" }, "bad").bytes, "policy bad: is one of task push-t"],
  ])("refuses %s in one line, and the policy stays what it was", async (_, bytes, reason) => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(3);
    all.say({ kind: "swap", policy: { version: "bad", bytes, threshold: null }, when: "now" });
    await all.until(() => all.problems().length > 0);
    await all.steps(3);
    expect(all.problems().length).toBe(1);
    expect(all.problems()[0]).toContain(`The policy stays what it was: ${reason}`);
    expect(all.problems()[0]).not.toContain("\n");
    expect(all.of("problem")[0].fatal).toBe(false);
    expect([all.lane().policyVersion, all.lane().step, all.running.size]).toEqual(["driving-1", 6, 1]);
  });

  it("does not open with a policy that cannot be run, and can be opened again", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: { version: "bad", bytes: new Uint8Array(9), threshold: null } });
    expect(all.of("problem").map(({ fatal }) => fatal)).toEqual([true]);
    expect(all.running.size).toBe(0);
    await all.open({ part: "watch", policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(2);
    expect(all.lane().step).toBe(2);
  });
});

describe("episodes that begin in the midst of others", () => {
  it("are new ones after a rewind, from that very moment; what ran stays as it was", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({ head: "diffusion" }, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(20);
    all.say({ kind: "rewind", on: true });
    await all.steps(9);
    all.say({ kind: "rewind", on: false });
    await all.steps(2);
    const { step, phase } = all.lane();
    expect([phase, all.ticks().at(-1)?.rewinding]).toEqual(["paused", false]);
    expect(step).toBeLessThan(20);
    all.say({ kind: "input", action: [0, -2] });
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(6);
    const [before, after] = all.logged().map(({ stored }) => stored);
    expect([before.steps.length, before.endInfo, after.steps.length]).toEqual([20, null, 6]);
    expect(after.info).toMatchObject({ forkedFrom: before.id, forkStep: step });
    expect(after.seed).toBe(before.seed);
    expect(after.steps[0].observation).toEqual(before.steps[step].observation);
    expectReplay("driving", before);
    expectReplay("driving", after);
    // The page hears of every step once, in the episode that it belongs to.
    const forward = all.ticks().filter(({ lanes }) => lanes[0].episode === after.id && lanes[0].step > 0);
    expect(forward.map(({ lanes }) => lanes[0].step)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("are forks where the page asks for one", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    all.say({ kind: "input", action: [0.02, 1] });
    await all.steps(10);
    const { snapshot, episode, seed, step } = all.lane();
    await all.open({ fork: { episode, step, seed, snapshot } });
    all.say({ kind: "request", request: "takeOver" });
    all.say({ kind: "input", action: [-0.02, 0] });
    await all.steps(5);
    const [before, after] = all.logged().map(({ stored }) => stored);
    expect(after.info).toMatchObject({ forkedFrom: before.id, forkStep: 10 });
    expect(JSON.parse(String(after.info.snapshot))).toEqual(snapshot);
    expectReplay("driving", before);
    expectReplay("driving", after);
  });
});

describe("a fleet", () => {
  it("records every world in an episode of its own", async () => {
    const all = begin();
    await all.open({ part: "watch", lanes: 4, policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(8);
    all.say({ kind: "focus", lane: 2 });
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(4);
    const logged = all.logged().map(({ stored }) => stored);
    expect(logged.map(({ steps }) => steps.length)).toEqual([12, 12, 12, 12]);
    const { episode } = all.lane();
    expect(all.ticks().at(-1)?.focus).toBe(2);
    for (const stored of logged) {
      const drove = stored.steps.map(({ controller }) => controller);
      expect(drove.slice(8)).toEqual(Array.from({ length: 4 }, () => (stored.id === episode ? "expert" : "policy")));
      expectReplay("driving", stored);
    }
  });
});

describe("a full disk", () => {
  it("makes the world stand, loses nothing that was recorded, and lets it go on once there is room", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(5);
    all.folder.room = 700;
    await all.steps(10);
    const at = all.lane().step;
    expect([all.lane().phase, all.problems()]).toEqual([
      "paused",
      ["The disk is full, so the world stands. Nothing recorded is lost: make room, then go on."],
    ]);
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(5);
    expect([all.lane().step, all.lane().phase, all.problems().length]).toEqual([at, "paused", 2]);
    all.folder.room = Number.POSITIVE_INFINITY;
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(5);
    const [{ stored }] = all.logged();
    expect(stored.steps.length).toBe(at + 5);
    expectReplay("driving", stored);
  });
});

describe("a session that is left", () => {
  it("ends, and its worker too where there is no server; the log stays", async () => {
    const all = begin();
    await all.open({ part: "watch", policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(5);
    all.say({ kind: "leave" });
    await all.settle();
    all.second();
    await all.until(() => all.hasExited());
    expect([all.running.size, all.logged()[0].stored.steps.length]).toEqual([0, 5]);
  });

  it("stays until the server has everything", async () => {
    const server = testServer();
    const all = begin({ outside: server });
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(5);
    server.refuse = ({ kind }) => (kind === "steps" ? "not yet" : null);
    server.later = true;
    all.say({ kind: "leave" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    all.second();
    await all.settle();
    expect(all.hasExited()).toBe(false);
    server.refuse = () => null;
    await all.until(() => {
      all.second();
      return all.hasExited();
    });
    expect([...server.kept.values()].map(({ steps }) => steps.length)).toEqual([5]);
  });
});

describe("the log", () => {
  it("is flushed every second, and told of", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(7);
    expect(all.folder.flushes).toBe(0);
    all.second();
    // After the next step, not in the midst of waiting for it.
    await all.steps(1);
    expect(all.folder.flushes).toBe(1);
    expect(all.of("log").at(-1)).toEqual({ kind: "log", logged: 7, unsent: 7, server: "none" });
  });

  it("is flushed for one world after another, so that no step waits for nine files", async () => {
    const all = begin();
    await all.open({ part: "watch", lanes: 9, policy: policyFile({}, "driving-1") });
    all.say({ kind: "request", request: "handBack" });
    await all.steps(3);
    all.second();
    const before = all.folder.flushes;
    for (let step = 1; step <= 9; step++) {
      await all.steps(1);
      expect(all.folder.flushes).toBe(before + step);
    }
    await all.steps(5);
    expect(all.folder.flushes).toBe(before + 9);
  });

  it("is flushed when an episode ends", async () => {
    const all = begin();
    await all.open({});
    all.say({ kind: "request", request: "takeOver" });
    await all.steps(3);
    all.say({ kind: "next", discard: false, again: false });
    await all.steps(1);
    expect(all.folder.flushes).toBe(1);
  });
});
