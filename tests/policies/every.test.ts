import { describe, expect, it } from "vitest";
import { mapLeaves, sizeOf } from "../../src/base/index.ts";
import {
  exportPolicy,
  metadataOf,
  modelOf,
  openPolicy,
  type Policy,
  policyMetadata,
  policyRecipe,
  type SamplingChoice,
  withSampling,
} from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { constant, gradient, input, interpret, program } from "../../src/tensor/index.ts";
import { apart, limitOf, liveChunks, ONE_OF_EACH, POLICIES, policyOf, questions } from "./every.ts";

const runtime = nodeRuntime();
const ROWS = 6;

async function planned(policy: Policy, batch: number, by = runtime): Promise<Float32Array> {
  const actor = await openPolicy(by, exportPolicy(policy, { batch }));
  const { histories, keys } = questions(policy, ROWS);
  const chunks = await actor.plan(histories, keys);
  await actor.close();
  return chunks;
}

describe.each(POLICIES)("$name", ({ policy }) => {
  it("does in a file what it does itself, in any batch, whoever its neighbours are", async () => {
    const live = liveChunks(policy, ROWS);
    expect(live.some((value) => value !== live[0])).toBe(true);
    const limit = limitOf(policy);
    for (const batch of [1, 4]) expect(apart(policy, await planned(policy, batch), live)).toBeLessThan(limit);
    // The rows of a batch in another order: the same chunks, to the bit.
    const actor = await openPolicy(runtime, exportPolicy(policy, { batch: ROWS }));
    const { histories, keys } = questions(policy, ROWS);
    const size = histories.length / ROWS;
    const backwards = Float32Array.from(histories, (_, i) => {
      const row = ROWS - 1 - Math.floor(i / size);
      return histories[row * size + (i % size)];
    });
    const [there, back] = [await actor.plan(histories, keys), await actor.plan(backwards, keys.toReversed())];
    await actor.close();
    const chunk = there.length / ROWS;
    for (let row = 0; row < ROWS; row++) {
      const other = (ROWS - 1 - row) * chunk;
      expect(back.subarray(other, other + chunk)).toEqual(there.subarray(row * chunk, (row + 1) * chunk));
    }
  });

  it("learns: its loss has a gradient in every parameter", () => {
    const { spec, parameters: start } = policy;
    const model = modelOf(spec);
    const [batch, chunkSize] = [8, 8];
    const { histories } = questions(policy, batch);
    const nodes = mapLeaves(model.parameters, ({ shape }, path) => input(path, shape));
    const loss = model.loss(nodes, {
      histories: constant(histories, [batch, 3, 3]),
      chunks: constant(
        Array.from({ length: batch * chunkSize }, (_, i) => Math.sin(3 * i)),
        [batch, chunkSize],
      ),
      key: constant([1, 2], [2], "uint32"),
    });
    expect(loss.shape).toEqual([]);
    const paths = Object.keys(nodes);
    const slopes = gradient(
      loss,
      paths.map((path) => nodes[path]),
    );
    const outputs = Object.fromEntries(paths.map((path, i) => [`d ${path}`, slopes[i]]));
    const found = interpret(program(Object.values(nodes), outputs), start);
    for (const path of paths) {
      const slope = found[`d ${path}`].data;
      expect(slope.length, path).toBe(sizeOf(model.parameters[path].shape));
      expect(Array.from(slope).every(Number.isFinite), path).toBe(true);
      expect(
        Array.from(slope).some((value) => value !== 0),
        path,
      ).toBe(true);
    }
  });
});

describe.each(ONE_OF_EACH)("$name", ({ policy }) => {
  it("does the same by WebAssembly", async () => {
    const web = await planned(policy, 2, await webRuntime());
    expect(apart(policy, web, liveChunks(policy, ROWS))).toBeLessThan(limitOf(policy));
  });

  it("says in the file what it is, and hands on its history", async () => {
    const file = exportPolicy(policy, { batch: 2 });
    expect(policyMetadata(file, "file")).toEqual(metadataOf(policy.spec));
    const session = await runtime.open(file);
    expect(JSON.parse(session.metadata["apprentice.recipe"])).toEqual(policy.spec.recipe);
    const { noise, noiseSize } = questions(policy, 2);
    const observation = Float32Array.of(1, 2, 3, 4, 5, 6);
    const state = Float32Array.from({ length: 12 }, (_, i) => 10 + i);
    const results = await session.run({ observation, state, ...(noiseSize > 0 && { noise }) });
    // Of each row the older observation goes, the newest comes: rows of 2 x 3.
    expect(Array.from(results.next_state)).toEqual([13, 14, 15, 1, 2, 3, 19, 20, 21, 4, 5, 6]);
    await session.close();
  });
});

describe("sampling chosen anew", () => {
  const sampled = (name: string, choice: SamplingChoice): Policy => {
    const { policy } = ONE_OF_EACH.find((each) => each.name.startsWith(name))!;
    return { ...policy, spec: { ...policy.spec, recipe: withSampling(policy.spec.recipe, choice) } };
  };
  const noiseSize = (policy: Policy) => modelOf(policy.spec).noiseSize;

  it.each([
    // 8 numbers of a chunk; a mixture needs one normal more for its mode
    ["gaussian", { sampling: "full" }, 8],
    ["gaussian", { sampling: "low-noise" }, 0],
    ["gaussian", { sampling: "deterministic" }, 0],
    ["gmm", { sampling: "full" }, 9],
    ["gmm", { sampling: "low-noise" }, 1],
    ["gmm", { sampling: "deterministic" }, 0],
    ["autoregressive", { sampling: "full" }, 8],
    ["autoregressive", { sampling: "low-noise" }, 8],
    ["autoregressive", { sampling: "deterministic" }, 0],
    ["autoregressive", { temperature: 0.5 }, 8],
    ["diffusion", { samplingSteps: 10 }, 8],
    ["diffusion", { sampler: "ddpm", samplingSteps: 20 }, 160],
    ["diffusion", { sampling: "deterministic", sampler: "ddpm" }, 0],
    ["flow", { samplingSteps: 1 }, 8],
    ["flow", { sampling: "deterministic" }, 0],
    ["l2", { sampling: "full" }, 0],
  ] as const)("%s with %o takes %i normals, and its file does what it does", async (name, choice, normals) => {
    const policy = sampled(name, choice);
    expect(noiseSize(policy)).toBe(normals);
    expect(policyMetadata(exportPolicy(policy), "file").noiseSize).toBe(normals);
    expect(apart(policy, await planned(policy, 3), liveChunks(policy, ROWS))).toBeLessThan(limitOf(policy));
  });

  it("changes what is done, and nothing else of the recipe", async () => {
    const { policy } = ONE_OF_EACH.find(({ name }) => name.startsWith("gmm"))!;
    const low = sampled("gmm", { sampling: "low-noise" });
    expect(low.spec.recipe).toEqual({
      ...policy.spec.recipe,
      head: { ...policy.spec.recipe.head, sampling: "low-noise" },
    });
    expect(apart(policy, await planned(low, 1), await planned(policy, 1))).toBeGreaterThan(0.01);
    expect(withSampling(policy.spec.recipe, {})).toEqual(policy.spec.recipe);
  });

  it("refuses what a head does not have, with the numbers that it could have", () => {
    const { diffusion, flow, l2, gmm } = Object.fromEntries(
      (["diffusion", "flow", "l2", "gmm"] as const).map((head) => [head, policyRecipe(head)]),
    );
    const refusal = (recipe: typeof l2, choice: SamplingChoice) => () => withSampling(recipe, choice, "runs/one");
    expect(refusal(l2, { sampler: "ddim" })).toThrow(
      'runs/one: sampler is not for the head "l2", expected it for diffusion alone',
    );
    expect(refusal(gmm, { samplingSteps: 4 })).toThrow("expected it for diffusion and flow alone");
    expect(refusal(flow, { temperature: 1 })).toThrow("expected it for autoregressive alone");
    expect(refusal(diffusion, { samplingSteps: 101 })).toThrow("samplingSteps 101, expected 2 to its 100 noise levels");
    expect(refusal(diffusion, { samplingSteps: 1 })).toThrow("samplingSteps 1, expected 2 to its 100 noise levels");
    expect(refusal(flow, { samplingSteps: 1.5 })).toThrow("samplingSteps 1.5, expected a whole number from 1");
    expect(refusal(policyRecipe("autoregressive"), { temperature: -1 })).toThrow("temperature -1, expected");
  });
});

describe("an encoder", () => {
  it.each(["gru", "transformer"] as const)("%s looks at every observation, and at their order", async (kind) => {
    const { policy } = POLICIES.find(({ name }) => name === `l2, ${kind}, mlp`)!;
    const actor = await openPolicy(runtime, exportPolicy(policy));
    const history = Float32Array.from({ length: 9 }, (_, i) => Math.sin(2 * i));
    const { keys } = questions(policy, 1);
    const chunk = await actor.plan(history, keys);
    for (let step = 0; step < 3; step++) {
      const other = history.slice();
      other[3 * step] += 0.5;
      expect(apart(policy, await actor.plan(other, keys), chunk), `step ${step}`).toBeGreaterThan(1e-4);
    }
    const exchanged = Float32Array.of(...history.subarray(3, 6), ...history.subarray(0, 3), ...history.subarray(6));
    expect(apart(policy, await actor.plan(exchanged, keys), chunk)).toBeGreaterThan(1e-4);
    await actor.close();
  });

  it("reads one observation, too", async () => {
    const horizons = { observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 };
    for (const encoder of [
      { kind: "gru", size: 5, layers: 1 },
      { kind: "transformer", size: 4, layers: 1, heads: 1 },
    ] as const) {
      const policy = policyOf(policyRecipe("l2", { encoder, hidden: [8] }), false, horizons);
      expect(apart(policy, await planned(policy, 2), liveChunks(policy, ROWS))).toBeLessThan(1e-5);
    }
  });
});
