import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toOnnx } from "../../src/onnx/index.ts";
import {
  adam,
  adamw,
  exactScalars,
  type GraphState,
  graphUpdate,
  initialState,
  type OptimizerRecipe,
  plainUpdate,
  powerEma,
  SCALAR_COUNT,
  sgd,
  stateNames,
  stepScalars,
} from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { input, interpret, type Program, program } from "../../src/tensor/index.ts";
import { constant, GRADIENTS, REFERENCES, START } from "./references.ts";

const copiesOf = (recipe: OptimizerRecipe) => ["parameter", ...stateNames(recipe)] as const;

/** One update of `size` numbers as a program: the state by copy, "gradient" and "scalars" go in, "next COPY" come out. */
function updateProgram(recipe: OptimizerRecipe, size: number): Program {
  const copies = copiesOf(recipe);
  const nodes = copies.map((copy) => input(copy, [size]));
  const [gradient, scalars] = [input("gradient", [size]), input("scalars", [SCALAR_COUNT])];
  const state = Object.fromEntries(nodes.map((node) => [node.attributes.name, node])) as unknown as GraphState;
  const next = graphUpdate(recipe, { state, gradient, scalars });
  return program(
    [...nodes, gradient, scalars],
    Object.fromEntries(copies.map((copy) => [`next ${copy}`, next[copy]!])),
  );
}

type State = Record<string, ArrayLike<number>>;

const startOf = (recipe: OptimizerRecipe, parameter: Float64Array | Float32Array): State => {
  const state = initialState(recipe, [parameter]);
  return Object.fromEntries(copiesOf(recipe).map((copy) => [copy, state[copy]![0].slice()]));
};

/** The states after each update in float64, by the reference interpreter. */
function interpreted(recipe: OptimizerRecipe, start: readonly number[], gradients: readonly number[][]): State[] {
  const update = updateProgram(recipe, start.length);
  let state = startOf(recipe, Float64Array.from(start));
  return gradients.map((gradient, number) => {
    const found = interpret(update, { ...state, gradient, scalars: exactScalars(recipe, number) });
    state = Object.fromEntries(copiesOf(recipe).map((copy) => [copy, found[`next ${copy}`].data]));
    return state;
  });
}

/** The states after each update in float32, by onnxruntime-node. */
async function executed(recipe: OptimizerRecipe, start: readonly number[], gradients: readonly number[][]) {
  const session = await nodeRuntime().open(toOnnx(updateProgram(recipe, start.length)));
  let state = startOf(recipe, Float32Array.from(start)) as Record<string, Float32Array>;
  const states: State[] = [];
  for (const [number, gradient] of gradients.entries()) {
    const feeds = { ...state, gradient: Float32Array.from(gradient), scalars: stepScalars(recipe, number) };
    const found = await session.run(feeds);
    state = Object.fromEntries(copiesOf(recipe).map((copy) => [copy, found[`next ${copy}`] as Float32Array]));
    states.push(state);
  }
  await session.close();
  return states;
}

/** The same by the plain update. */
function plain(
  recipe: OptimizerRecipe,
  start: readonly number[],
  gradients: readonly number[][],
  type: typeof Float64Array | typeof Float32Array,
): State[] {
  const state = initialState(recipe, [type.from(start)]);
  return gradients.map((gradient, update) => {
    plainUpdate({ recipe, update, state, gradient: [type.from(gradient)] });
    return Object.fromEntries(copiesOf(recipe).map((copy) => [copy, state[copy]![0].slice()]));
  });
}

function expectClose(found: readonly State[], expected: readonly State[], tolerance: number): void {
  expected.forEach((state, update) => {
    for (const [copy, values] of Object.entries(state)) {
      for (let i = 0; i < values.length; i++) {
        const [is, wanted] = [found[update][copy][i], values[i]];
        if (!(Math.abs(is - wanted) <= tolerance * Math.max(1, Math.abs(wanted)))) {
          expect.fail(`update ${update}, ${copy}[${i}]: found ${is}, expected ${wanted}`);
        }
      }
    }
  });
}

/** Recipes whose constants are float32 numbers: a program rounds its constants to float32 even where it is interpreted. */
const common = {
  schedule: fc.constantFrom(constant, { kind: "cosine", rate: 0.1, warmup: 1, total: 6 } as const),
  weightDecay: fc.constantFrom(0, 0.125),
  clipNorm: fc.constantFrom(undefined, 0.25, 4),
  ema: fc.constantFrom(undefined, powerEma, { kind: "constant", decay: 0.875 } as const),
};
const recipes: fc.Arbitrary<OptimizerRecipe> = fc.oneof(
  fc.record({ ...common, kind: fc.constant("sgd" as const), momentum: fc.constantFrom(0, 0.875) }),
  fc.record({
    ...common,
    kind: fc.constantFrom("adam" as const, "adamw" as const),
    beta1: fc.constantFrom(0, 0.875),
    beta2: fc.constantFrom(0.5, 1 - 2 ** -10),
    epsilon: fc.constantFrom(1e-8, 1e-3),
  }),
);
const vectors = fc.array(fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround), {
  minLength: 5,
  maxLength: 5,
});

describe("the update in the graph", () => {
  it.each(REFERENCES)("%s repeats PyTorch's numbers", async (_, recipe, expected) => {
    const states = expected.map((parameter) => ({ parameter }));
    // Steps of at most 0.01 with 1 - beta rounded to float32 (2^-25 relative in 0.001 is 3e-8): 3e-10; float32: 2^-24.
    expectClose(interpreted(recipe, START, GRADIENTS), states, 1e-9);
    expectClose(await executed(recipe, START, GRADIENTS), states, 3e-7);
  });

  it("moves the average as diffusion_policy does", () => {
    // ALGORITHMS.md 11.7: parameter 1..6 after each update, average 0 before. SGD with rate 1 and gradient -1 counts up.
    const recipe = sgd({ schedule: { kind: "constant", rate: 1 }, ema: powerEma });
    const states = interpreted(recipe, [0], Array(6).fill([-1]));
    const expected = [1, 2, 2.594603558, 3.211138803, 3.843596744, 4.48851174];
    expectClose(
      states.map(({ average }) => ({ average })),
      expected.map((average) => ({ average: [average] })),
      1e-9,
    );
  });

  it("clips by the global norm", () => {
    // ALGORITHMS.md 11.6b: [.1, -.2] clipped to norm .1 (with norm + 1e-6) is [0.04472115955, -0.0894423191].
    const recipe = sgd({ schedule: { kind: "constant", rate: 1 }, clipNorm: 0.1 });
    const [{ parameter }] = interpreted(recipe, [0, 0], [[0.1, -0.2]]);
    // .1 as a float32 constant is 1.5e-9 too large, relative 1.5e-8
    expect(parameter[0]).toBeCloseTo(-0.04472115955, 8);
    expect(parameter[1]).toBeCloseTo(0.0894423191, 8);
  });

  it("is the plain update in float64, for any recipe and numbers", () => {
    fc.assert(
      fc.property(recipes, vectors, fc.array(vectors, { minLength: 3, maxLength: 3 }), (recipe, start, gradients) => {
        // The constant 1e-6 beside the norm is float32: 2e-8 of it, so 2e-14 and less of what is clipped; then rounding.
        expectClose(interpreted(recipe, start, gradients), plain(recipe, start, gradients, Float64Array), 1e-11);
      }),
    );
  });

  it("is the plain update in float32 bit for bit by onnxruntime-node; to 1e-5 where it clips", async () => {
    await fc.assert(
      fc.asyncProperty(
        recipes,
        vectors,
        fc.array(vectors, { minLength: 3, maxLength: 3 }),
        async (recipe, start, gradients) => {
          const found = await executed(recipe, start, gradients);
          const expected = plain(recipe, start, gradients, Float32Array);
          // The plain update sums squares in float64, the graph in float32: the factor differs by some 2^-24.
          if (recipe.clipNorm !== undefined) expectClose(found, expected, 1e-5);
          else expectClose(found, expected, 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("lets nothing that is not finite pass for a number, clipped or not", () => {
    for (const clipNorm of [undefined, 1]) {
      for (const recipe of [adam({ schedule: constant, clipNorm }), adamw({ schedule: constant, clipNorm })]) {
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          const [state] = interpreted(recipe, [1, 2], [[0.5, value]]);
          const numbers = Object.values(state).flatMap((values) => Array.from(values));
          expect(numbers.every(Number.isFinite)).toBe(false);
        }
      }
    }
  });

  it("refuses scalars of another length", () => {
    const [state, scalars] = [{ parameter: input("p", [2]) }, input("s", [4])];
    expect(() => graphUpdate(sgd({ schedule: constant }), { state, gradient: input("g", [2]), scalars })).toThrow(
      "scalars of shape [4], expected [5]",
    );
  });
});
