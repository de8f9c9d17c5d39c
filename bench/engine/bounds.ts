/**
 * What a row cannot be faster than, from rates measured in the same run: its matrix products by themselves, its weights
 * through memory, its element-wise passes through memory, its operators at the cost of an empty one. The largest of them
 * is the bound the row runs into.
 */
import { type Runtime, tensor, toOnnx } from "../../src/index.ts";
import { quantile } from "./timing.ts";

export type BoundName = "matrix products" | "weight bandwidth" | "passes through memory" | "operator overhead";

export type Bounds = Readonly<Record<BoundName, number>>;

/** The rates of this machine at one thread count, each measured when it is first asked for. */
export interface Rates {
  /** Milliseconds of one product [m, k]·[k, n] with its operands stored as given. */
  product(shape: ProductShape): Promise<number>;
  /** Bytes per millisecond of a copy (read and written bytes both counted) whose source has so many bytes. */
  copy(bytes: number): number;
  /** Milliseconds of an operator on a handful of numbers. */
  operator(): Promise<number>;
}

interface ProductShape {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export function ratesOf(runtime: Runtime): Rates {
  const products = new Map<string, Promise<number>>();
  const copies = new Map<number, number>();
  let operator: Promise<number> | undefined;
  return {
    product(shape) {
      const key = JSON.stringify(shape);
      const known = products.get(key) ?? measureProduct(runtime, shape);
      products.set(key, known);
      return known;
    },
    copy(bytes) {
      const size = 2 ** Math.round(Math.log2(Math.max(bytes, 4096)));
      const known = copies.get(size) ?? measureCopy(size);
      copies.set(size, known);
      return known;
    },
    operator() {
      operator ??= measureOperator(runtime);
      return operator;
    },
  };
}

/** What a rate is on a machine that others load too: the fastest tenth of the runs. */
const undisturbed = (times: readonly number[]) => quantile(times, 0.1);

/** Undisturbed milliseconds of a model's run. */
async function runTime(runtime: Runtime, program: tensor.Program, milliseconds: number): Promise<number> {
  const session = await runtime.open(toOnnx(program));
  const feeds = Object.fromEntries(
    program.inputs.map(({ attributes, shape }) => [
      attributes.name,
      new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01),
    ]),
  );
  const times: number[] = [];
  const until = performance.now() + milliseconds;
  while (times.length < 8 || performance.now() < until) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  await session.close();
  return undisturbed(times);
}

/** Time of `more` products less the time of `fewer`, so that the call itself is not counted. */
async function measureProduct(runtime: Runtime, { a, b, transposeA, transposeB }: ProductShape): Promise<number> {
  const work = 2 * a.reduce((x, y) => x * y) * b[transposeB ? b.length - 2 : b.length - 1];
  const extra = Math.max(2, Math.min(64, Math.ceil(1e8 / work)));
  const time = (count: number) => {
    const right = tensor.input("right", b);
    const lefts = Array.from({ length: count }, (_, index) => tensor.input(`left${index}`, a));
    const first = lefts.map((left) => {
      const product = tensor.matmul(left, right, { transposeA, transposeB });
      return product.shape.reduce<tensor.Tensor>((x, _, axis) => tensor.slice(x, axis, 0, 1), product);
    });
    return runTime(runtime, tensor.program([right, ...lefts], { first: tensor.concat(first, 0) }), 40);
  };
  const [fewer, more] = [await time(1), await time(1 + extra)];
  return Math.max(0, more - fewer) / extra;
}

function measureCopy(bytes: number): number {
  const [source, target] = [new Float32Array(bytes / 4).fill(1), new Float32Array(bytes / 4)];
  const repeats = Math.max(1, Math.round(2 ** 22 / bytes));
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) target.set(source);
    return (performance.now() - start) / repeats;
  });
  return (2 * bytes) / undisturbed(times);
}

async function measureOperator(runtime: Runtime): Promise<number> {
  const time = (count: number) => {
    const x = tensor.input("x", [4]);
    let value: tensor.Tensor = x;
    // alternating, so that ONNX Runtime finds nothing to fuse
    for (let index = 0; index < count; index++) value = index % 2 === 0 ? tensor.neg(value) : tensor.abs(value);
    return runTime(runtime, tensor.program([x], { value }), 60);
  };
  return ((await time(201)) - (await time(1))) / 200;
}

/** Primitives that move no numbers: ONNX Runtime gives the same memory another shape. */
const VIEWS: ReadonlySet<string> = new Set(["input", "constant", "reshape", "item", "loop", "withGradient"]);

interface Counts {
  readonly products: { readonly shape: ProductShape; readonly times: number }[];
  /** Bytes that element-wise operators, reductions, gathers read and write. */
  passes: number;
  operators: number;
}

function countWork({ outputs }: tensor.Program, times: number, counts: Counts): void {
  const bytes = ({ shape }: tensor.Tensor) => 4 * shape.reduce((a, b) => a * b, 1);
  for (const node of tensor.topologicalOrder(outputs.map((output) => output.value))) {
    if (node.primitive === "loop") countWork(node.attributes.body, times * node.attributes.count, counts);
    if (VIEWS.has(node.primitive)) continue;
    counts.operators += times;
    if (node.primitive === "matmul") {
      const [a, b] = node.operands.map((operand) => operand.shape);
      counts.products.push({ shape: { a, b, ...node.attributes }, times });
      continue;
    }
    // a gather, slice or pad reads as much of its first operand as it puts out
    const moves = ["gather", "slice", "pad", "scatterAdd"].includes(node.primitive);
    const read = moves ? bytes(node) : node.operands.reduce((sum, operand) => sum + bytes(operand), 0);
    counts.passes += times * (read + bytes(node));
  }
}

interface Work {
  readonly program: tensor.Program;
  readonly parameters: number;
  /** Copies of the parameters that the optimizer reads and writes in an update; 0 for a sampling row. */
  readonly optimizerPasses: number;
  /** How often a call goes through all weights. */
  readonly weightPasses: number;
}

export async function boundsOf({ program, parameters, optimizerPasses, weightPasses }: Work, rates: Rates) {
  const counts: Counts = { products: [], passes: 0, operators: 0 };
  countWork(program, 1, counts);
  let products = 0;
  let flops = 0;
  for (const { shape, times } of counts.products) {
    products += times * (await rates.product(shape));
    flops += 2 * times * shape.a.reduce((x, y) => x * y) * shape.b[shape.transposeB ? 0 : shape.b.length - 1];
  }
  const weights = 4 * parameters;
  const bounds: Bounds = {
    "matrix products": products,
    // a copy counts what it reads and what it writes, a product only reads its weights
    "weight bandwidth": (weights * weightPasses) / rates.copy(weights),
    "passes through memory": counts.passes / rates.copy(2 ** 19) + (optimizerPasses * weights) / rates.copy(weights),
    "operator overhead": counts.operators * (await rates.operator()),
  };
  const [bound, boundMs] = Object.entries(bounds).reduce((most, next) => (next[1] > most[1] ? next : most));
  return { bound: bound as BoundName, boundMs, bounds, gflop: flops / 1e9, operators: counts.operators };
}
