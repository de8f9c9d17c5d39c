import { describe, expect, it } from "vitest";
import { exportPolicy, noiseOf, type Policy, policyRecipe } from "../../src/policies/index.ts";
import { checkParity } from "../../src/verbs/index.ts";
import { ONE_OF_EACH, policyOf, questions } from "../policies/every.ts";

const ROWS = 5;

async function parityOf(policy: Policy, file = exportPolicy(policy)) {
  const { histories, keys } = questions(policy, ROWS);
  return checkParity({ policy, file, histories, keys });
}

describe("parity", () => {
  it.each(ONE_OF_EACH)("is had by $name, three ways", async ({ policy }) => {
    const found = await parityOf(policy, exportPolicy(policy, { batch: 2 }));
    expect(found).toMatchObject({ histories: ROWS, passed: true });
    expect(found.comparisons.map(({ against, rows, ties }) => [against, rows, ties])).toEqual([
      ["reference interpreter, float64", ROWS, 0],
      ["onnxruntime-node, row by row", ROWS, 0],
      ["onnxruntime-web, WebAssembly", ROWS, 0],
    ]);
    const { kind } = policy.spec.recipe.head;
    expect(found.limit).toBe(kind === "diffusion" || kind === "flow" ? 1e-4 : 1e-5);
  });

  it.each(ONE_OF_EACH.filter(({ name }) => /^(l2|gmm|diffusion|flow), flatten/.test(name)))(
    "is not had by the file of $name with one parameter changed by 0.001",
    async ({ policy }) => {
      const name = Object.keys(policy.parameters).findLast((path) => path.endsWith("bias"))!;
      const bias = policy.parameters[name].map((value) => value + 1e-3);
      const other = { ...policy, parameters: { ...policy.parameters, [name]: bias } };
      const found = await parityOf(policy, exportPolicy(other));
      expect(found.passed).toBe(false);
      const [reference, batch, web] = found.comparisons.map(({ largest }) => largest);
      // l2: the output is moved by 0.001 itself; the others by something like it.
      expect(reference).toBeGreaterThan(found.limit);
      expect(batch).toBeCloseTo(reference, 5);
      // The file itself, elsewhere.
      expect(web).toBeLessThan(found.limit);
    },
  );

  it("does not stand where numbers are none", async () => {
    const { policy } = ONE_OF_EACH[0];
    const [name] = Object.keys(policy.parameters);
    const weight = policy.parameters[name].with(0, Number.NaN);
    const found = await parityOf({ ...policy, parameters: { ...policy.parameters, [name]: weight } });
    expect(found.passed).toBe(false);
    expect(found.comparisons[0].largest).toBe(Infinity);
  });
});

/** Φ by Simpson's rule from 0. */
function normalProbability(z: number): number {
  const pieces = 2000;
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let total = density(0) + density(z);
  for (let i = 1; i < pieces; i++) total += (i % 2 === 1 ? 4 : 2) * density((i * z) / pieces);
  return 0.5 + (total * z) / pieces / 3;
}

describe("a choice that may fall either way", () => {
  /** A policy that looks at nothing: its network puts out these numbers. */
  function saying(recipe: ReturnType<typeof policyRecipe>, output: (size: number) => number[]): Policy {
    const horizons = { observationHorizon: 3, predictionHorizon: 4, actionHorizon: 2 };
    const made = policyOf(recipe, false, horizons);
    const name = Object.keys(made.parameters).findLast((path) => path.endsWith("bias"))!;
    const parameters = Object.fromEntries(
      Object.entries(made.parameters).map(([path, { length }]) => [
        path,
        path === name ? Float32Array.from(output(length)) : new Float32Array(length),
      ]),
    );
    return { ...made, parameters };
  }

  /** Two modes, at -½ and ½, the first of a probability that lies `above` what row 0 draws. */
  function mixture(sampling: "low-noise" | "deterministic", above: number): Policy {
    const { keys } = questions(ONE_OF_EACH[0].policy, ROWS);
    const drawn = sampling === "deterministic" ? 0.5 : normalProbability(noiseOf(keys[0], 1)[0]);
    const first = drawn + above;
    const logit = Math.log(first / (1 - first));
    return saying(policyRecipe("gmm", { hidden: [4], options: { modes: 2, sampling } }), () => [
      ...Array(8).fill(-0.55),
      ...Array(8).fill(0.55),
      ...Array(16).fill(0),
      ...[logit, 0],
    ]);
  }

  it.each([
    ["low-noise", 1],
    ["deterministic", ROWS],
  ] as const)("of a mixture, %s, is a tie within 1e-6, and a difference beyond", async (sampling, rows) => {
    // File and policy on either side of the boundary: 8e-7 apart, then 2e-5.
    const near = await parityOf(mixture(sampling, 4e-7), exportPolicy(mixture(sampling, -4e-7)));
    expect(near.passed).toBe(true);
    expect(near.comparisons.map(({ ties }) => ties)).toEqual([rows, rows, 0]);
    const far = await parityOf(mixture(sampling, 1e-5), exportPolicy(mixture(sampling, -1e-5)));
    expect(far.passed).toBe(false);
    // tanh(0.55) - tanh(-0.55)
    expect(far.comparisons[0].largest).toBeCloseTo(2 * Math.tanh(0.55), 5);
  });

  it("of a bin is a tie as well, for whatever was chosen before it", async () => {
    const { keys } = questions(ONE_OF_EACH[0].policy, ROWS);
    const third = normalProbability(noiseOf(keys[1], 3)[2]);
    // Number 2 of each chunk chooses between two bins where row 1 draws; the others have one bin.
    const policy = (above: number) =>
      saying(policyRecipe("autoregressive", { hidden: [8], options: { bins: 2 } }), (size) =>
        Array.from({ length: size }, (_, i) => {
          if (i >= 4 && i < 6) return i === 4 ? Math.log((third + above) / (1 - third - above)) : 0;
          return i % 2 === 0 ? 40 : 0;
        }),
      );
    const near = await parityOf(policy(4e-7), exportPolicy(policy(-4e-7)));
    expect(near.passed).toBe(true);
    expect(near.comparisons[0].ties).toBe(1);
    expect((await parityOf(policy(1e-5), exportPolicy(policy(-1e-5)))).passed).toBe(false);
  });
});
