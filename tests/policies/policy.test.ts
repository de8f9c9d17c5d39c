import { describe, expect, it } from "vitest";
import { foldIn, InputError, type Key, randomKey, randomStream } from "../../src/base/index.ts";
import { toOnnx } from "../../src/onnx/index.ts";
import {
  actionScale,
  exportPolicy,
  logProbabilities,
  metadataOf,
  openPolicy,
  type Policy,
  policyMetadata,
} from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { input, program, tanh } from "../../src/tensor/index.ts";
import { chunkOf, mixtureOf, outputsOf, type PolicyChoice, smallPolicy } from "./plain.ts";

const runtime = nodeRuntime();
const CHOICES: PolicyChoice[] = (["l2", "gmm"] as const).flatMap((head) =>
  [1, 2, 3].map((observationHorizon) => ({ head, observationHorizon })),
);

const keys = (count: number, seed = 7): Key[] => Array.from({ length: count }, (_, i) => foldIn(randomKey(seed), i));

function histories({ spec }: Policy, count: number, seed = 3): Float32Array {
  const stream = randomStream(randomKey(seed));
  const size = spec.horizons.observationHorizon * 3;
  return Float32Array.from({ length: count * size }, () => 2 * stream.normal());
}

async function plan(policy: Policy, batch: number, seen: Float32Array, rows: readonly Key[]): Promise<Float32Array> {
  const actor = await openPolicy(runtime, exportPolicy(policy, { batch }));
  const chunks = await actor.plan(seen, rows);
  await actor.close();
  return chunks;
}

describe("a policy file", () => {
  it.each(CHOICES)("says what it takes and gives: $head, To = $observationHorizon", async (choice) => {
    const policy = smallPolicy(choice);
    const To = choice.observationHorizon;
    const file = exportPolicy(policy, { batch: 2 });
    const session = await runtime.open(file);
    const float = (...shape: number[]) => ({ shape, dtype: "float32" });
    expect(session.inputs).toEqual({
      observation: float(2, 3),
      ...(To > 1 && { state: float(2, To - 1, 3) }),
      ...(choice.head === "gmm" && { noise: float(2, 1) }),
    });
    expect(session.outputs).toEqual({ actions: float(2, 4, 2), ...(To > 1 && { next_state: float(2, To - 1, 3) }) });
    await session.close();
    expect(policyMetadata(file, "file")).toEqual({
      version: 1,
      task: "small",
      head: choice.head,
      observation: { names: ["p.x", "p.y", "speed"], units: ["m", "m", "m/s"] },
      action: { names: ["force.x", "force.y"], units: ["N", "N"] },
      horizons: { observationHorizon: To, predictionHorizon: 4, actionHorizon: 2 },
      controlRate: 20,
      noiseSize: choice.head === "gmm" ? 1 : 0,
      ...(To > 1 && {
        state: {
          meaning: "the observations before the newest one, oldest first",
          initial: "the first observation of the episode, repeated",
        },
      }),
    });
    expect(policyMetadata(file, "file")).toEqual(metadataOf(policy.spec));
  });

  it("says how it normalises actions; files that do not are read all the same", () => {
    const policy = smallPolicy(CHOICES[0]);
    expect(actionScale(exportPolicy(policy), "file")).toEqual(policy.spec.action.normaliser);
    const metadata = { "apprentice.policy": JSON.stringify(metadataOf(policy.spec)) };
    const x = input("observation", [1, 3]);
    expect(actionScale(toOnnx(program([x], { y: tanh(x) }), { name: "policy", metadata }), "file")).toBe(null);
  });

  it("has the same bytes each time", () => {
    const policy = smallPolicy(CHOICES[4]);
    expect(exportPolicy(policy)).toEqual(exportPolicy(policy));
  });

  it.each([2, 3])("shifts its state: the oldest observation goes, the newest comes (To = %i)", async (To) => {
    const policy = smallPolicy({ head: "l2", observationHorizon: To });
    const session = await runtime.open(exportPolicy(policy));
    const observation = Float32Array.of(100, 101, 102);
    const state = Float32Array.from({ length: (To - 1) * 3 }, (_, i) => i);
    const results = await session.run({ observation, state });
    expect(Array.from(results.next_state)).toEqual([...state.subarray(3), ...observation]);
    // Stepping the file by its own state is what the actor does with whole histories.
    const sequence = histories(policy, 5).subarray(0, 15);
    let carried = Float32Array.from({ length: (To - 1) * 3 }, (_, i) => sequence[i % 3]);
    for (let step = 0; step < 5; step++) {
      const seen = sequence.subarray(step * 3, step * 3 + 3);
      const { actions, next_state } = await session.run({ observation: seen.slice(), state: carried.slice() });
      const expected = chunkOf(policy, [...carried, ...seen], []);
      expected.forEach((value, i) => {
        expect(Math.abs(actions[i] - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
      });
      carried = next_state.slice() as Float32Array<ArrayBuffer>;
    }
    await session.close();
  });
});

describe("acting", () => {
  it("draws with the normals that it is given as it plans with those of keys", async () => {
    const policy = smallPolicy({ head: "gmm", observationHorizon: 2 });
    const actor = await openPolicy(runtime, exportPolicy(policy, { batch: 4 }));
    const seen = histories(policy, 7);
    const noises = Float32Array.from(keys(7), (key) => randomStream(key).normal());
    expect(actor.batch).toBe(4);
    expect(await actor.draw(seen, noises)).toEqual(await actor.plan(seen, keys(7)));
    await actor.close();
  });

  it.each(CHOICES)("is normalise, network, head, restore: $head, To = $observationHorizon", async (choice) => {
    const policy = smallPolicy(choice);
    const count = 40;
    const seen = histories(policy, count);
    const chunks = await plan(policy, 16, seen, keys(count));
    const size = choice.observationHorizon * 3;
    for (let row = 0; row < count; row++) {
      const noise = [randomStream(keys(count)[row]).normal()];
      const expected = chunkOf(policy, seen.subarray(row * size, (row + 1) * size), noise);
      // forces lie within hundreds of N in x, 1 N in y; float32 sums of 9 products
      expected.forEach((value, i) => {
        expect(Math.abs(chunks[row * 8 + i] - value)).toBeLessThan(2e-6 * (50 + Math.abs(value)));
      });
    }
  });

  it.each(["l2", "gmm"] as const)("does not mix the rows of a batch, filled up or not: %s", async (head) => {
    const policy = smallPolicy({ head, observationHorizon: 2 });
    const seen = histories(policy, 11);
    const rows = keys(11);
    const together = await plan(policy, 4, seen, rows);
    for (let row = 0; row < 11; row++) {
      // alone in the batch, in the first place
      const alone = await plan(policy, 4, seen.subarray(row * 6, row * 6 + 6), [rows[row]]);
      expect(alone).toEqual(together.subarray(row * 8, row * 8 + 8));
    }
    for (const batch of [1, 3, 11, 16]) {
      const chunks = await plan(policy, batch, seen, rows);
      chunks.forEach((value, i) => {
        expect(Math.abs(value - together[i])).toBeLessThan(1e-4);
      });
    }
  });

  it("draws from nothing but the rows' keys", async () => {
    const policy = smallPolicy({ head: "gmm", observationHorizon: 1 });
    const seen = Float32Array.from({ length: 3 * 300 }, (_, i) => [0.4, -0.2, 3][i % 3]);
    const actor = await openPolicy(runtime, exportPolicy(policy, { batch: 50 }));
    const rows = keys(300);
    const first = await actor.plan(seen, rows);
    expect(await actor.plan(seen, rows)).toEqual(first);
    const backwards = await actor.plan(seen, rows.toReversed());
    const firsts = (chunks: Float32Array) => Array.from({ length: 300 }, (_, row) => chunks[8 * row]);
    expect(firsts(backwards).toReversed()).toEqual(firsts(first));
    // The same observation 300 times: each mode as often as its weight says, within 4 standard errors.
    const { weights, means } = mixtureOf(policy, outputsOf(policy, seen.subarray(0, 3)));
    weights.forEach((weight, mode) => {
      const expected = (means[mode][0] - 0.5) / 0.02;
      const share = firsts(first).filter((value) => Math.abs(value - expected) < 1e-3).length / 300;
      expect(Math.abs(share - weight)).toBeLessThan(4 * Math.sqrt((weight * (1 - weight)) / 300));
    });
    await actor.close();
  });
});

describe("a file that is no policy gets one line with its name", () => {
  const policy = smallPolicy({ head: "gmm", observationHorizon: 2 });
  const file = exportPolicy(policy);

  async function failure(model: Uint8Array): Promise<string> {
    const error = await openPolicy(runtime, model, "runs/one/policy.onnx").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).not.toContain("\n");
    expect(message).toMatch(/^runs\/one\/policy\.onnx: /);
    return message.slice("runs/one/policy.onnx: ".length);
  }

  /** The graph of a policy, with other metadata or with ports of another shape. */
  function foreign(text: string | undefined, actionsShape = [1, 4, 2]): Uint8Array {
    const inputs = { observation: [1, 3], state: [1, 1, 3], noise: [1, 1], free: actionsShape };
    const nodes = Object.entries(inputs).map(([name, shape]) => input(name, shape));
    const metadata: Record<string, string> = text === undefined ? {} : { "apprentice.policy": text };
    return toOnnx(program(nodes, { actions: tanh(nodes[3]) }), { name: "policy", metadata });
  }

  it("not ONNX, cut off anywhere, or overwritten", async () => {
    expect(await failure(new Uint8Array(0))).toContain("not a readable .onnx file");
    expect(await failure(new TextEncoder().encode("garbage ".repeat(40)))).toContain("not a readable .onnx file");
    for (let length = 1; length < file.length; length += 1 + Math.floor(file.length / 40)) {
      await failure(file.subarray(0, length));
    }
    const stream = randomStream(randomKey(11));
    const middle = file.slice();
    for (let i = 200; i < 400; i++) middle[i] = stream.integer(0, 256);
    await failure(middle);
  });

  it("with some bytes changed: it acts, or says in one line why it does not", async () => {
    const stream = randomStream(randomKey(12));
    let refused = 0;
    for (let trial = 0; trial < 150; trial++) {
      const changed = file.slice();
      for (let i = 0; i < 2; i++) changed[stream.integer(0, file.length)] = stream.integer(0, 256);
      try {
        const actor = await openPolicy(runtime, changed, "policy.onnx");
        await actor.plan(new Float32Array(6), keys(1));
        await actor.close();
      } catch (error) {
        refused += 1;
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).message).toMatch(/^policy\.onnx: .*$/);
      }
    }
    expect(refused).toBeGreaterThan(50);
  });

  it("an .onnx file of someone else, or of another version", async () => {
    expect(await failure(foreign(undefined))).toBe('an .onnx file without "apprentice.policy", expected a policy');
    expect(await failure(foreign("{"))).toContain("apprentice.policy: content: ");
    const metadata = metadataOf(policy.spec);
    expect(await failure(foreign(JSON.stringify({ ...metadata, version: 7 })))).toContain(
      "apprentice.policy: version: ",
    );
    const horizons = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 4 };
    expect(await failure(foreign(JSON.stringify({ ...metadata, horizons })))).toContain(
      "horizons: expected predictionHo",
    );
  });

  it("metadata that says other than the graph", async () => {
    const metadata = metadataOf(policy.spec);
    const names = { names: ["p.x"], units: ["m"] };
    expect(await failure(foreign(JSON.stringify({ ...metadata, observation: names })))).toBe(
      'input "observation" is float32 [1, 3], expected float32 [1, 1]',
    );
    expect(await failure(foreign(JSON.stringify(metadata), [1, 4, 1]))).toBe(
      'output "actions" is float32 [1, 4, 1], expected float32 [1, 4, 2]',
    );
    expect(await failure(foreign(JSON.stringify(metadata)))).toBe(
      'input "free", expected observation, state, noise only',
    );
  });

  it("a graph that cannot be run", async () => {
    // The operator Tanh renamed to one that there is not.
    const broken = Buffer.from(file);
    broken.write("Tanx", broken.indexOf("Tanh"));
    expect(await failure(broken)).toMatch(/^node cpu, 1 thread cannot run it: /);
  });
});

describe("the density of recorded chunks", () => {
  it("is that of a mixture in plain numbers", async () => {
    for (const observationHorizon of [1, 2]) {
      const policy = smallPolicy({ head: "gmm", observationHorizon });
      const count = 12;
      const seen = histories(policy, count);
      const stream = randomStream(randomKey(4));
      const chunks = Float32Array.from({ length: count * 8 }, (_, i) => (i % 2 ? 0.25 : 40) * stream.normal());
      const found = await logProbabilities(runtime, policy, { histories: seen, chunks });
      const { scale, offset } = policy.spec.action.normaliser;
      for (let row = 0; row < count; row++) {
        const size = observationHorizon * 3;
        const outputs = outputsOf(policy, seen.subarray(row * size, (row + 1) * size));
        const { weights, means, deviations } = mixtureOf(policy, outputs);
        const actions = Array.from(chunks.subarray(row * 8, row * 8 + 8), (v, i) => v * scale[i % 2] + offset[i % 2]);
        const perMode = weights.map((weight, mode) =>
          actions.reduce((sum, action, d) => {
            const z = (action - means[mode][d]) / deviations[mode][d];
            return sum - 0.5 * z * z - Math.log(deviations[mode][d] * Math.sqrt(2 * Math.PI));
          }, Math.log(weight)),
        );
        const best = Math.max(...perMode);
        const expected = best + Math.log(perMode.reduce((sum, value) => sum + Math.exp(value - best), 0));
        // The file's softplus is ln(1 + exp x) in float32: a deviation of 1e-3 is off by 6e-8 / 1e-3 of itself.
        expect(Math.abs(found![row] - expected)).toBeLessThan(3e-4 * (1 + Math.abs(expected)));
      }
    }
  });

  it("is null for a policy without one", async () => {
    const policy = smallPolicy({ head: "l2", observationHorizon: 1 });
    const one = { histories: histories(policy, 1), chunks: new Float32Array(8) };
    expect(await logProbabilities(runtime, policy, one)).toBeNull();
  });
});
