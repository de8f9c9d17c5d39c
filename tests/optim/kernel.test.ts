import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Arena,
  adam,
  adamw,
  arenaCopies,
  clipFactor,
  createArena,
  createKernel,
  initialState,
  kernelModule,
  type OptimizerRecipe,
  type PlainState,
  plainAccumulate,
  plainUpdate,
  powerEma,
  sgd,
  stateNames,
  stepScalars,
  sumOfSquares,
} from "../../src/optim/index.ts";

const constant = { kind: "constant", rate: 0.01 } as const;

const fraction = fc.double({ min: 0, max: 0.9999, noNaN: true });

const schedules = fc.constantFrom(constant, { kind: "cosine", rate: 0.1, warmup: 2, total: 6 } as const);

const common = {
  schedule: schedules,
  weightDecay: fc.constantFrom(0, 0.1),
  clipNorm: fc.constantFrom(undefined, 1e-3, 1, 1e30),
  ema: fc.constantFrom(undefined, powerEma, { kind: "constant", decay: 0.9 } as const),
};

/** Any recipe: every combination of what the assembler writes or leaves out. */
const recipes: fc.Arbitrary<OptimizerRecipe> = fc.oneof(
  fc.record({ ...common, kind: fc.constant("sgd" as const), momentum: fc.constantFrom(0, 0.9) }),
  fc.record({
    ...common,
    kind: fc.constantFrom("adam" as const, "adamw" as const),
    beta1: fraction,
    beta2: fraction,
    epsilon: fc.constantFrom(1e-8, 1e-3),
  }),
);

/** Ordinary numbers of both signs, and zeros, denormals and numbers whose squares overflow float32. */
const numbers = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e-40, -1e-45, 1e-20, 1e18, -1e20, 3e38) },
);

/** As `numbers`, and what no gradient should be. */
const broken = fc.oneof(
  { weight: 50, arbitrary: numbers },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
);

/** `size` numbers, the drawn ones over and over with a period that no vector length divides. */
const filled = (values: readonly number[], size: number, shift: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => values[(i + shift) % values.length]);

/** Bytes with all NaNs alike: which NaN an operation gives is left open by WebAssembly and by JavaScript. */
const bits = (array: ArrayLike<number>): Uint32Array =>
  new Uint32Array(Float32Array.from(array, (x) => (Number.isNaN(x) ? NaN : x)).buffer);

const copyInto = (arena: Arena, name: keyof Arena["views"], arrays: readonly ArrayLike<number>[]) => {
  arrays.forEach((array, tensor) => {
    arena.views[name][tensor].set(array);
  });
};

/** An arena whose copies hold the state. */
function arenaOf(recipe: OptimizerRecipe, state: PlainState, decay?: readonly boolean[]): Arena {
  const arena = createArena({ sizes: state.parameter.map((p) => p.length), copies: arenaCopies(recipe), decay });
  for (const name of ["parameter", ...stateNames(recipe)] as const) copyInto(arena, name, state[name]!);
  return arena;
}

function expectSameBits(recipe: OptimizerRecipe, arena: Arena, state: PlainState) {
  for (const name of ["parameter", ...stateNames(recipe)] as const) {
    state[name]!.forEach((array, tensor) => {
      expect(bits(arena.views[name][tensor]), `${name} ${tensor}`).toEqual(bits(array));
    });
  }
}

describe("the WebAssembly kernel", () => {
  it("is a valid module for every recipe", () => {
    fc.assert(
      fc.property(recipes, fc.boolean(), (recipe, accumulate) => {
        const arena = createArena({ sizes: [5, 70], copies: arenaCopies(recipe, { accumulate }) });
        expect(WebAssembly.validate(kernelModule(recipe, arena))).toBe(true);
      }),
    );
  });

  it("equals the plain update bit for bit, for any recipe, sizes and numbers", async () => {
    const tensors = fc.array(fc.record({ size: fc.integer({ min: 1, max: 1000 }), decay: fc.boolean() }), {
      maxLength: 4,
    });
    const values = fc.array(numbers, { minLength: 97, maxLength: 97 });
    const gradients = fc.array(broken, { minLength: 89, maxLength: 89 });
    await fc.assert(
      fc.asyncProperty(recipes, tensors, values, gradients, async (recipe, shapes, start, pushes) => {
        const decay = shapes.map((shape) => shape.decay);
        const parameter = shapes.map(({ size }, tensor) => filled(start, size, tensor));
        const state = initialState(recipe, parameter);
        const arena = arenaOf(recipe, state, decay);
        const kernel = await createKernel(recipe, arena);
        for (let update = 0; update < 4; update++) {
          const gradient = shapes.map(({ size }, tensor) => filled(pushes, size, tensor + 31 * update));
          copyInto(arena, "gradient", gradient);
          const squares = sumOfSquares(gradient);
          const norm = kernel.gradientNorm();
          if (!Number.isFinite(squares)) expect(Number.isFinite(norm)).toBe(false);
          else expect(Math.abs(norm - Math.sqrt(squares))).toBeLessThanOrEqual(1e-12 * norm);
          if (recipe.clipNorm !== undefined && Number.isFinite(squares)) {
            // Squares are summed in another order: very rarely the factor rounds to another float32.
            const { clipNorm } = recipe;
            fc.pre(Math.fround(clipFactor(clipNorm, squares)) === Math.fround(clipFactor(clipNorm, norm * norm)));
          }
          const report = kernel.update(stepScalars(recipe, update));
          const expected = plainUpdate({ recipe, update, state, gradient, decay });
          expect(report.finite).toBe(expected.finite);
          expect(report.gradientNorm === null).toBe(expected.gradientNorm === null);
          expectSameBits(recipe, arena, state);
          // From here a NaN may stand in a parameter, and the kernel multiplies by a weight decay of 0 what the twin skips.
          if (!report.finite) break;
        }
      }),
      { numRuns: 150 },
    );
  });

  it("follows the float64 twin to float32 rounding over many updates", async () => {
    const size = 333;
    const recipe = adamw({
      schedule: { kind: "cosine", rate: 1e-2, warmup: 20, total: 300 },
      clipNorm: 5,
      ema: powerEma,
    });
    const exact = initialState(recipe, [Float64Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i)))]);
    const arena = arenaOf(recipe, exact);
    const kernel = await createKernel(recipe, arena);
    for (let update = 0; update < 300; update++) {
      const gradient = Float32Array.from({ length: size }, (_, i) => Math.cos(i * 1.7 + update * 0.3));
      copyInto(arena, "gradient", [gradient]);
      kernel.update(stepScalars(recipe, update));
      plainUpdate({ recipe, update, state: exact, gradient: [Float64Array.from(gradient)] });
    }
    for (const name of ["parameter", "average"] as const) {
      // 300 roundings of numbers up to 4, each at most 2^-23, walk to about √300·2^-23 = 2e-6; five times that is allowed.
      const worst = Math.max(...exact[name]![0].map((x, i) => Math.abs(x - arena.views[name][0][i])));
      expect(worst).toBeLessThan(1e-5);
    }
  });

  it("finds one gradient that is not finite wherever it stands", async () => {
    const sizes = [17, 64, 3];
    for (const [recipe, kept] of [
      [adam({ schedule: constant }), false],
      [sgd({ schedule: constant }), false],
      [sgd({ schedule: constant, momentum: 0.9 }), false],
      [adamw({ schedule: constant, clipNorm: 1 }), true],
    ] as const) {
      for (let tensor = 0; tensor < sizes.length; tensor++) {
        for (const place of [0, sizes[tensor] >> 1, sizes[tensor] - 1]) {
          for (const value of [NaN, -NaN, Infinity, -Infinity]) {
            const arena = createArena({ sizes, copies: arenaCopies(recipe), decay: [true, false, true] });
            const kernel = await createKernel(recipe, arena);
            arena.views.gradient[tensor][place] = value;
            expect(kernel.update(stepScalars(recipe, 1)).finite).toBe(false);
            // Clipping knows before it writes: the state is left as it was.
            const untouched = arena.views.parameter.every((p) => p.every((x) => x === 0));
            expect(untouched).toBe(kept);
            arena.views.gradient[tensor][place] = 3e38;
            if (kept) expect(kernel.update(stepScalars(recipe, 1)).finite).toBe(true);
          }
        }
      }
    }
  });

  it("reports a second moment that overflows, which would freeze its parameter", async () => {
    const recipe = adam({ schedule: constant });
    const arena = createArena({ sizes: [1], copies: arenaCopies(recipe) });
    const kernel = await createKernel(recipe, arena);
    // 1e18² = 1e36 fits float32 (largest 3.4e38), 1e20² = 1e40 does not
    arena.views.gradient[0][0] = 1e18;
    expect(kernel.update(stepScalars(recipe, 0)).finite).toBe(true);
    arena.views.gradient[0][0] = 1e20;
    expect(kernel.update(stepScalars(recipe, 1)).finite).toBe(false);
  });

  it("continues from carried-on state to identical bytes", async () => {
    const sizes = [37, 5, 129];
    const decay = [true, false, true];
    const recipe = adamw({
      schedule: { kind: "cosine", rate: 1e-2, warmup: 3, total: 20 },
      clipNorm: 1,
      ema: powerEma,
    });
    const push = (arena: Arena, update: number) =>
      arena.views.gradient.forEach((g, tensor) => {
        for (let i = 0; i < g.length; i++) g[i] = Math.sin(i + 7 * tensor + 3 * update);
      });
    const train = async (arena: Arena, from: number, to: number) => {
      const kernel = await createKernel(recipe, arena);
      for (let update = from; update < to; update++) {
        push(arena, update);
        kernel.update(stepScalars(recipe, update));
      }
    };
    const whole = createArena({ sizes, copies: arenaCopies(recipe), decay });
    await train(whole, 0, 12);
    const start = createArena({ sizes, copies: arenaCopies(recipe), decay });
    await train(start, 0, 5);
    const resumed = createArena({ sizes, copies: arenaCopies(recipe), decay });
    const names = ["parameter", ...stateNames(recipe)] as const;
    for (const name of names) copyInto(resumed, name, start.views[name]);
    await train(resumed, 5, 12);
    for (const name of names) {
      resumed.views[name].forEach((array, tensor) => {
        expect(bits(array)).toEqual(bits(whole.views[name][tensor]));
      });
    }
  });

  it("accumulates gradients as the plain twin does", async () => {
    const recipe = sgd({ schedule: constant });
    const sizes = [1, 31, 200];
    const arena = createArena({ sizes, copies: arenaCopies(recipe, { accumulate: true }) });
    const kernel = await createKernel(recipe, arena);
    const sums = sizes.map((size) => new Float32Array(size).fill(7));
    copyInto(arena, "gradient", sums);
    for (let part = 0; part < 3; part++) {
      const gradient = sizes.map((size) => Float32Array.from({ length: size }, (_, i) => Math.sin(i + part * 5)));
      copyInto(arena, "part", gradient);
      kernel.accumulate(1 / 3, part === 0);
      sums.forEach((sum, i) => {
        plainAccumulate({ sum, gradient: gradient[i], weight: 1 / 3, first: part === 0 });
      });
    }
    sums.forEach((sum, i) => {
      expect(bits(arena.views.gradient[i])).toEqual(bits(sum));
    });
    const without = await createKernel(recipe, createArena({ sizes, copies: arenaCopies(recipe) }));
    expect(() => without.accumulate(1, true)).toThrow('"part"');
  });
});

describe("the arena", () => {
  it("gives every tensor of every copy cache lines of its own", () => {
    const sizes = [3, 0, 16, 17, 1];
    const copies = ["parameter", "gradient", "average"] as const;
    const arena = createArena({ sizes, copies, decay: [false, true, true, false, true] });
    const spans = copies.flatMap((name) =>
      arena.views[name].map((view, tensor) => {
        expect(view).toHaveLength(sizes[tensor]);
        expect(view.byteOffset % 64).toBe(0);
        expect(view.buffer).toBe(arena.memory.buffer);
        return [view.byteOffset, view.byteOffset + view.byteLength];
      }),
    );
    const taken = spans.filter(([start, end]) => end > start).sort(([a], [b]) => a - b);
    for (let i = 1; i < taken.length; i++) expect(taken[i][0]).toBeGreaterThanOrEqual(taken[i - 1][1]);
    expect(arena.views.firstMoment).toEqual([]);
    // Tensors with decay come first: 16 and 1 elements are a line each, then 3 and 17 make one and two.
    expect([arena.decayBytes, arena.copyBytes]).toEqual([128, 320]);
  });

  it("never grows, because that would detach the views", () => {
    const arena = createArena({ sizes: [10], copies: ["parameter"] });
    expect(() => arena.memory.grow(1)).toThrow(RangeError);
  });

  it("says so when a size, the flags, the memory or a copy does not fit", async () => {
    expect(() => createArena({ sizes: [1.5], copies: ["parameter"] })).toThrow("tensor 0 has size 1.5");
    expect(() => createArena({ sizes: [1], copies: [], decay: [] })).toThrow("decay has 0 entries for 1 tensors");
    expect(() => createArena({ sizes: [6e8], copies: ["parameter", "gradient"] })).toThrow(
      /2 copies need 4800\d+ bytes/,
    );
    const arena = createArena({ sizes: [4], copies: ["parameter", "gradient"] });
    await expect(createKernel(adam({ schedule: constant }), arena)).rejects.toThrow('no copy "firstMoment"');
  });
});
