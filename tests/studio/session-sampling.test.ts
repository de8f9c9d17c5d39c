import { afterEach, describe, expect, it } from "vitest";
import { openSampler, stac } from "../../src/algorithms/index.ts";
import { foldIn, type Key, randomKey } from "../../src/base/index.ts";
import { exportPolicy, openPolicy, type Policy } from "../../src/policies/index.ts";
import { STUDIO_JUDGING } from "../../src/recipes/index.ts";
import type { GateMoments } from "../../src/rollouts/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { findTask } from "../../src/tasks/index.ts";
import { actorKey, packObservation } from "../../src/world/index.ts";
import type { OpenPolicy } from "../../studio/src/session/policy-client.ts";
import type { FromPolicy } from "../../studio/src/session/policy-messages.ts";
import { createPolicyServer } from "../../studio/src/session/policy-server.ts";
import { createSampling } from "../../studio/src/session/sampling.ts";
import { taskPolicy } from "./session-policy.ts";
import { type Stage, stage } from "./session-stage.ts";

const runtime = nodeRuntime({ threads: 1 });
const HORIZONS = { observationHorizon: 2, predictionHorizon: 8, actionHorizon: 4 };
const diffusion = taskPolicy({ head: "diffusion", horizons: HORIZONS });
const { samples, window } = STUDIO_JUDGING;
const opened: Stage[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.host.close();
});

async function watch(policy: Policy, threshold: number | null) {
  const all = stage();
  opened.push(all);
  const file = { version: "driving-1", bytes: exportPolicy(policy), threshold };
  await all.open({ part: "watch", policy: file });
  all.say({ kind: "request", request: "handBack" });
  return all;
}

describe("the gate of a sampled policy", () => {
  it("reads what the server calibrates by: STAC of as many samples, drawn with the same normals", async () => {
    const all = await watch(diffusion, 1e9);
    for (let step = 0; step < 40; step++) {
      await all.steps(1);
      // The chunks come between two steps, as they do in a page that has time.
      await all.settle();
    }
    const [{ stored }] = all.logged();
    const { spec } = findTask("driving").makeEnvironment();
    const size = diffusion.spec.observation.names.length;
    const seen = stored.steps.map(({ observation }) => {
      const row = new Float32Array(size);
      packObservation(spec.observation, observation, row, 0);
      return row;
    });
    // The twin: what `stac` over the policy itself reads at the recorded plans, one after another.
    const sampler = await openSampler(runtime, diffusion, { samples });
    const score = stac(sampler, { window });
    score.start(0);
    const expected: number[] = [];
    for (let step = 0; step < stored.steps.length; step += HORIZONS.actionHorizon) {
      const history = new Float32Array(2 * size);
      history.set(seen[Math.max(0, step - 1)]);
      history.set(seen[step], size);
      const moments: GateMoments = {
        histories: history,
        chunks: new Float32Array(0),
        places: Int32Array.of(0),
        // As the loop keys what a gate draws in a step (rollouts/advance.ts).
        keys: [foldIn(foldIn(actorKey(stored.seed), step), 2 ** 31)],
        episodes: [0],
        steps: Int32Array.of(step),
        expert: null,
      };
      const [reading] = await score.read(moments);
      expected.push(reading);
    }
    await score.close();
    expect(expected.filter((reading) => reading > 0).length).toBeGreaterThan(5);
    for (const [step, { gate }] of stored.steps.entries()) {
      // At the step of the plan itself the chunks are still being drawn: the reading before it holds.
      const plan = Math.ceil(step / HORIZONS.actionHorizon) - 1;
      const reading = plan < 0 ? 0 : expected[plan];
      expect(Math.abs(gate.inconsistency - reading), `step ${step}`).toBeLessThan(1e-4 * (1 + reading));
      expect([gate["inconsistency.threshold"], gate.alarm]).toEqual([1e9, 0]);
    }
    expect(all.lane().score).toBe(stored.steps.at(-1)?.gate.inconsistency);
  });

  it("asks for help once it reads more than its threshold", async () => {
    const all = await watch(diffusion, 1e-6);
    for (let step = 0; step < 16; step++) {
      await all.steps(1);
      await all.settle();
    }
    expect([all.lane().phase, all.lane().alarmed, all.lane().threshold]).toEqual(["alarmed", true, 1e-6]);
    const alarms = all.logged()[0].stored.steps.map(({ gate }) => gate.alarm);
    expect(alarms[0]).toBe(0);
    expect(alarms.at(-1)).toBe(1);
  });

  it.each([
    ["draws nothing", taskPolicy({ head: "l2" }), 0.5],
    ["was given no threshold", diffusion, null],
  ])("is none where the policy %s", async (_, policy, threshold) => {
    const all = await watch(policy, threshold);
    await all.steps(6);
    expect([all.lane().score, all.lane().threshold, all.logged()[0].stored.steps[5].gate]).toEqual([null, null, {}]);
  });
});

describe("the fan", () => {
  it.each([null, 1e9])("holds a chunk for each sample at the plan under way (threshold %s)", async (threshold) => {
    const all = await watch(diffusion, threshold);
    await all.steps(6);
    expect(all.of("fan")).toEqual([]);
    all.say({ kind: "fan", on: true });
    for (let step = 0; step < 12; step++) {
      await all.steps(1);
      await all.settle();
    }
    // The plan at once, the others when they are there.
    const fans = all.of("fan").filter(({ chunks }) => chunks.length > 0);
    expect(fans.map(({ step }) => step)).toEqual([4, 8, 12, 16]);
    const { chunks, planned, first } = fans[1];
    expect([first, planned.length, chunks.length, chunks[0].length, chunks[0][0].length]).toEqual([
      1,
      8,
      samples,
      8,
      2,
    ]);
    expect(new Set(chunks.map((chunk) => chunk.join())).size).toBe(samples);
    all.say({ kind: "fan", on: false });
    const before = all.of("fan").length;
    await all.steps(6);
    expect(all.of("fan").length).toBe(before);
  });

  it("is the plan alone where nothing is drawn", async () => {
    const all = await watch(taskPolicy({ head: "l2" }), null);
    all.say({ kind: "fan", on: true });
    await all.steps(10);
    expect(all.of("fan").map(({ step, chunks }) => [step, chunks])).toEqual([0, 3, 6, 9].map((step) => [step, []]));
  });
});

describe("sampling", () => {
  it("draws for the newest plan of each episode where there is no time for all", async () => {
    const asked: Float32Array[] = [];
    const answers: ((chunks: Float32Array) => void)[] = [];
    const actor = await openPolicy(runtime, exportPolicy(diffusion));
    const { scale, offset } = diffusion.spec.action.normaliser;
    const policy: OpenPolicy = {
      version: "slow",
      metadata: actor.metadata,
      scale: { scale, offset },
      threshold: 1,
      plan: actor.plan as OpenPolicy["plan"],
      draw(history) {
        asked.push(history);
        return new Promise((resolve) => answers.push(resolve));
      },
      close() {},
    };
    const { gate } = createSampling(policy);
    const read = (episode: number, step: number) => {
      const histories = new Float32Array(2 * diffusion.spec.observation.names.length).fill(10 * episode + step);
      const keys: Key[] = [randomKey(step)];
      const places = Int32Array.of(0);
      const steps = Int32Array.of(step);
      return gate!.score.read({
        histories,
        chunks: new Float32Array(16),
        places,
        keys,
        episodes: [episode],
        steps,
        expert: null,
      });
    };
    gate!.score.start(0);
    gate!.score.start(1);
    for (let step = 0; step < 5; step++) for (const episode of [0, 1]) read(episode, step);
    for (let turn = 0; turn < 4; turn++) {
      answers[turn]?.(new Float32Array(samples * 8 * 2));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // The first was under way at once; of the others the newest of each, whoever waited longest first.
    expect(asked.map(([value]) => value)).toEqual([0, 14, 4]);
    await actor.close();
  });
});

describe("a policy's worker", () => {
  it("plans before it goes on drawing", async () => {
    const order: string[] = [];
    const waiting: (() => void)[] = [];
    const serve = createPolicyServer({
      runtime: async () => runtime,
      post: (message: FromPolicy) => order.push("id" in message ? `${message.kind} ${message.id}` : message.kind),
      breathe: () => new Promise((resolve) => waiting.push(resolve)),
      now: () => performance.now(),
    });
    const until = async (there: () => boolean) => {
      while (!there()) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    serve({ kind: "open", bytes: exportPolicy(diffusion), where: "policy" });
    await until(() => order.includes("opened"));
    const history = new Float32Array(2 * diffusion.spec.observation.names.length);
    serve({ kind: "draw", id: 1, history, noises: new Float32Array(3 * 16).fill(0.5) });
    await until(() => waiting.length === 1);
    serve({ kind: "plan", id: 2, histories: history, keys: [randomKey(1)] });
    waiting.shift()!();
    await until(() => order.length === 2);
    expect(order).toEqual(["opened", "chunks 2"]);
    for (let piece = 0; piece < 2; piece++) {
      await until(() => waiting.length === 1);
      waiting.shift()!();
    }
    await until(() => order.length === 3);
    expect(order[2]).toBe("chunks 1");
  });
});
