import { type Arena, type CopyName, SCALAR_BYTES } from "./arena.ts";
import type { UpdateReport } from "./plain.ts";
import { clipFactor, type OptimizerRecipe, SCALARS, stateNames } from "./recipe.ts";
import * as wasm from "./wasm.ts";
import { f32x4, f64, f64x2, get, i32, i32x4, set, v128 } from "./wasm.ts";

/**
 * The optimizer as one WebAssembly SIMD loop: a single pass through memory reads gradient, parameter, moments and average
 * and writes all but the gradient (one more pass reads the gradient when the recipe clips). The module is assembled for
 * one recipe and one arena: what the recipe does not ask for is not in the loop, and addresses are constants.
 */
export type UpdateKernel = {
  /**
   * One update of everything in the arena, in place, by `stepScalars(recipe, update)`. If the recipe clips and a
   * gradient is not finite, nothing is changed; without clipping the damage is reported after it happened.
   */
  readonly update: (scalars: Float32Array) => UpdateReport;
  /** Global norm ‖g‖₂ of the gradients, summed in float64; not finite exactly if a gradient is not. */
  readonly gradientNorm: () => number;
  /** gradient = weight·part (the first part of a batch) or gradient += weight·part (the others). */
  readonly accumulate: (weight: number, first: boolean) => void;
};

type Vector = wasm.Code<"v128">;
type Statement = wasm.Code<"nothing">;
type Reserve = <T extends wasm.ValueType>(type: T) => wasm.Local<T>;

/** The kernel's own scalars, in the order in which they lie in a line of scalars as float32. */
const PLACES = ["stepSize", "epsilon", "keep", "averageWeight", "clip", "coupledDecay", "weight"] as const;
type Place = (typeof PLACES)[number];

const LINE = SCALAR_BYTES / 2;
const LANES_BYTES = 16;
const UNROLL = 4;
const EXPONENT = 0x7f800000;

/** The copies that an arena must have for a recipe; `accumulate` adds the one that gradient accumulation needs. */
export const arenaCopies = (recipe: OptimizerRecipe, options = { accumulate: false }): readonly CopyName[] => [
  ...(["parameter", "gradient", ...stateNames(recipe)] as const),
  ...(options.accumulate ? (["part"] as const) : []),
];

function baseOf(arena: Arena, name: CopyName): number {
  const base = arena.base[name];
  if (base === undefined) throw new Error(`the arena has no copy "${name}", only ${arena.copies.join(", ")}`);
  return base;
}

/** Loops over bytes [from, to) of a copy (a multiple of 64, not empty), UNROLL vectors at a time. */
function overVectors(
  [from, to]: readonly [wasm.Local<"i32">, wasm.Local<"i32">],
  body: (offset: number, index: number) => readonly Statement[],
): Statement {
  const vectors = Array.from({ length: UNROLL }, (_, index) => body(index * LANES_BYTES, index)).flat();
  const advance = set(from, i32.add(get(from), i32.const(UNROLL * LANES_BYTES)));
  return wasm.repeatWhile(wasm.sequence(...vectors, advance), i32.lessUnsigned(get(from), get(to)));
}

/** What a rule needs to write the code for one vector of a tensor. */
type RuleContext = {
  readonly load: (name: CopyName) => Vector;
  readonly store: (name: CopyName, value: Vector) => void;
  readonly scalar: (place: Place) => Vector;
  /** Computes a value once, to be used several times. */
  readonly bind: (value: Vector) => Vector;
  /** Reports the update as not finite if these bits, read as unsigned, reach those of infinity. */
  readonly check: (bits: Vector) => void;
};

/** SGD's new parameter; `g` is the clipped gradient. */
function sgdRule(recipe: Extract<OptimizerRecipe, { kind: "sgd" }>, g: Vector, context: RuleContext): Vector {
  const { load, store, scalar, bind, check } = context;
  const p = bind(load("parameter"));
  let step = recipe.weightDecay === 0 ? g : f32x4.add(g, f32x4.mul(scalar("coupledDecay"), p));
  if (recipe.momentum === 0) {
    step = bind(step);
  } else {
    step = bind(f32x4.add(f32x4.mul(f32x4.splat(recipe.momentum), load("firstMoment")), step));
    store("firstMoment", step);
  }
  check(v128.and(step, i32x4.splat(0x7fffffff)));
  return f32x4.sub(p, f32x4.mul(scalar("stepSize"), step));
}

/** Adam's and AdamW's new parameter; `g` is the clipped gradient. */
function adamRule(recipe: Extract<OptimizerRecipe, { beta1: number }>, g: Vector, context: RuleContext): Vector {
  const { load, store, scalar, bind, check } = context;
  const decays = recipe.weightDecay !== 0;
  const p = bind(load("parameter"));
  const gradient = bind(recipe.kind === "adam" && decays ? f32x4.add(g, f32x4.mul(scalar("coupledDecay"), p)) : g);
  const blend = (name: CopyName, fresh: Vector, weight: number): Vector => {
    const old = bind(load(name));
    const blended = bind(f32x4.add(old, f32x4.mul(f32x4.splat(weight), f32x4.sub(fresh, old))));
    store(name, blended);
    return blended;
  };
  const m = blend("firstMoment", gradient, 1 - recipe.beta1);
  const v = blend("secondMoment", f32x4.mul(gradient, gradient), 1 - recipe.beta2);
  // v is never negative, so its bits grow with it, and a NaN's are beyond infinity's whatever its sign.
  check(v);
  const step = f32x4.div(f32x4.mul(scalar("stepSize"), m), f32x4.add(f32x4.sqrt(v), scalar("epsilon")));
  return f32x4.sub(recipe.kind === "adamw" && decays ? f32x4.mul(scalar("keep"), p) : p, step);
}

/** update(from, to, address of a line of scalars) -> 1 if something was not finite, else 0. */
function updateFunction(recipe: OptimizerRecipe, arena: Arena): wasm.WasmFunction {
  return wasm.defineFunction("update", ["i32", "i32", "i32"], "i32", ([from, to, line], reserve) => {
    const { hoisted, scalar } = scalarLocals(line, reserve);
    const highest = reserve("v128");
    const loop = overVectors([from, to], (offset) => {
      const statements: Statement[] = [];
      const address = (name: CopyName) => baseOf(arena, name) + offset;
      const context: RuleContext = {
        load: (name) => v128.load(get(from), address(name)),
        store: (name, value) => statements.push(v128.store(get(from), address(name), value)),
        scalar,
        bind: (value) => {
          const local = reserve("v128");
          statements.push(set(local, value));
          return get(local);
        },
        check: (bits) => statements.push(set(highest, i32x4.maxUnsigned(get(highest), bits))),
      };
      const { load, store, bind } = context;
      const raw = load("gradient");
      const g = recipe.clipNorm === undefined ? raw : f32x4.mul(raw, scalar("clip"));
      const p = bind(recipe.kind === "sgd" ? sgdRule(recipe, g, context) : adamRule(recipe, g, context));
      store("parameter", p);
      if (recipe.ema) {
        const old = bind(load("average"));
        store("average", f32x4.add(old, f32x4.mul(scalar("averageWeight"), f32x4.sub(p, old))));
      }
      return statements;
    });
    const notFinite = v128.anyTrue(i32x4.atLeastUnsigned(get(highest), i32x4.splat(EXPONENT)));
    return { statements: [...hoisted(), loop], value: notFinite };
  });
}

/** Scalars of a line in all lanes of a local each, loaded before the loop; only those that the loop asked for. */
function scalarLocals(line: wasm.Local<"i32">, reserve: Reserve) {
  const locals = new Map<Place, wasm.Local<"v128">>();
  return {
    scalar: (place: Place): Vector => {
      const local = locals.get(place) ?? reserve("v128");
      locals.set(place, local);
      return get(local);
    },
    hoisted: (): Statement[] =>
      [...locals].map(([place, local]) => set(local, v128.loadSplat32(get(line), 4 * PLACES.indexOf(place)))),
  };
}

/** sumOfSquares(from, to) of the gradient in float64, in sixteen interleaved partial sums. */
function sumFunction(arena: Arena): wasm.WasmFunction {
  return wasm.defineFunction("sumOfSquares", ["i32", "i32"], "f64", ([from, to], reserve) => {
    const sums: wasm.Local<"v128">[] = [];
    const gradient = baseOf(arena, "gradient");
    const loop = overVectors([from, to], (offset) => {
      const g = reserve("v128");
      const addSquares = (half: Vector): Statement => {
        const [sum, wide] = [reserve("v128"), reserve("v128")];
        sums.push(sum);
        return wasm.sequence(
          set(wide, f64x2.promoteLow(half)),
          set(sum, f64x2.add(get(sum), f64x2.mul(get(wide), get(wide)))),
        );
      };
      return [set(g, v128.load(get(from), gradient + offset)), addSquares(get(g)), addSquares(wasm.highHalf(get(g)))];
    });
    const total = reserve("v128");
    const fold = sums.map((sum) => set(total, f64x2.add(get(total), get(sum))));
    return { statements: [loop, ...fold], value: f64.add(f64x2.lane(get(total), 0), f64x2.lane(get(total), 1)) };
  });
}

/** name(from, to, address of a line of scalars): gradient = weight·part, or gradient += weight·part. */
function accumulateFunction(arena: Arena, name: string, first: boolean): wasm.WasmFunction {
  return wasm.defineFunction(name, ["i32", "i32", "i32"], "nothing", ([from, to, line], reserve) => {
    const { hoisted, scalar } = scalarLocals(line, reserve);
    const [gradient, part] = [baseOf(arena, "gradient"), baseOf(arena, "part")];
    const loop = overVectors([from, to], (offset) => {
      const weighted = f32x4.mul(v128.load(get(from), part + offset), scalar("weight"));
      const sum = first ? weighted : f32x4.add(v128.load(get(from), gradient + offset), weighted);
      return [v128.store(get(from), gradient + offset, sum)];
    });
    return { statements: [...hoisted(), loop], value: null };
  });
}

/** The bytes of the kernel's module for a recipe and an arena that has at least `arenaCopies(recipe)`. */
export function kernelModule(recipe: OptimizerRecipe, arena: Arena): Uint8Array<ArrayBuffer> {
  const accumulate =
    arena.base.part === undefined
      ? []
      : [accumulateFunction(arena, "accumulateFirst", true), accumulateFunction(arena, "accumulate", false)];
  return wasm.assembleModule([sumFunction(arena), updateFunction(recipe, arena), ...accumulate]);
}

type KernelExports = {
  sumOfSquares: (from: number, to: number) => number;
  update: (from: number, to: number, line: number) => number;
  accumulateFirst?: (from: number, to: number, line: number) => void;
  accumulate?: (from: number, to: number, line: number) => void;
};

/** @throws Error if the arena lacks a copy that the recipe needs */
export async function createKernel(recipe: OptimizerRecipe, arena: Arena): Promise<UpdateKernel> {
  const { memory, decayBytes, copyBytes } = arena;
  const imports = { arena: { memory } };
  const { instance } = await WebAssembly.instantiate(kernelModule(recipe, arena), imports);
  const run = instance.exports as KernelExports;
  const lines = [0, LINE].map((address) => new Float32Array(memory.buffer, address, PLACES.length));
  const put = (line: number, place: Place, value: number) => {
    lines[line][PLACES.indexOf(place)] = value;
  };
  const sumOfSquares = () => (copyBytes === 0 ? 0 : run.sumOfSquares(0, copyBytes));
  const update = (scalars: Float32Array): UpdateReport => {
    let clip = 1;
    let gradientNorm: number | null = null;
    if (recipe.clipNorm !== undefined) {
      const squares = sumOfSquares();
      gradientNorm = Math.sqrt(squares);
      if (!Number.isFinite(squares)) return { finite: false, gradientNorm };
      clip = clipFactor(recipe.clipNorm, squares);
    }
    for (const line of [0, 1]) {
      put(line, "stepSize", scalars[SCALARS.stepSize]);
      put(line, "epsilon", scalars[SCALARS.epsilon]);
      put(line, "keep", line === 0 ? scalars[SCALARS.keep] : 1);
      put(line, "averageWeight", scalars[SCALARS.averageWeight]);
      put(line, "clip", clip);
      put(line, "coupledDecay", line === 0 ? recipe.weightDecay : 0);
    }
    const decaying = decayBytes > 0 ? run.update(0, decayBytes, 0) : 0;
    const others = copyBytes > decayBytes ? run.update(decayBytes, copyBytes, LINE) : 0;
    return { finite: decaying === 0 && others === 0, gradientNorm };
  };
  const accumulate = (weight: number, first: boolean) => {
    const add = first ? run.accumulateFirst : run.accumulate;
    if (!add) throw new Error('gradient accumulation needs an arena with the copy "part"');
    put(0, "weight", weight);
    if (copyBytes > 0) add(0, copyBytes, 0);
  };
  return { update, gradientNorm: () => Math.sqrt(sumOfSquares()), accumulate };
}
