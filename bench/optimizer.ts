/**
 * Milliseconds per update of the WebAssembly kernel and of one loop over typed arrays, beside the machine's copy
 * bandwidth: `npm run bench -- optimizer`. Runs about ten seconds on one core.
 */
import {
  adam,
  adamw,
  arenaCopies,
  createArena,
  createKernel,
  type OptimizerRecipe,
  powerEma,
  sgd,
  stateNames,
  stepScalars,
} from "../src/index.ts";

const schedule = { kind: "constant", rate: 1e-4 } as const;

const recipes: readonly (readonly [string, OptimizerRecipe])[] = [
  ["SGD, momentum", sgd({ schedule, momentum: 0.9 })],
  ["Adam", adam({ schedule })],
  ["AdamW + EMA", adamw({ schedule, ema: powerEma })],
  ["AdamW + EMA + clip", adamw({ schedule, ema: powerEma, clipNorm: 1 })],
];

/** Median and least milliseconds of `work`, over `repeats` runs after a third as many to warm up. */
function milliseconds(repeats: number, work: (run: number) => void): { median: number; least: number } {
  const warm = Math.ceil(repeats / 3);
  const times = Array.from({ length: repeats + warm }, (_, run) => {
    const start = performance.now();
    work(run);
    return performance.now() - start;
  });
  const sorted = times.slice(warm).sort((a, b) => a - b);
  return { median: sorted[repeats >> 1], least: sorted[0] };
}

/** Tensors of an MLP with two hidden layers of `width`, 40 in and 50 out. */
const mlpSizes = (width: number): number[] => [40 * width, width, width * width, width, width * 50, 50];

/** Gradients like those of training: mostly small, both signs. */
const fillGradient = (g: Float32Array) => {
  for (let i = 0; i < g.length; i++) g[i] = 1e-3 * Math.sin(i * 12.9898);
};

/** The same work as the kernel's in one JavaScript loop, for the Adam family: what the kernel is compared with. */
function loopUpdate(
  recipe: OptimizerRecipe,
  scalars: Float32Array,
  arrays: Record<"g" | "p" | "m" | "v" | "average", Float32Array>,
) {
  if (recipe.kind === "sgd") throw new Error("the loop is Adam's");
  const { g, p, m, v, average } = arrays;
  const [, stepSize, epsilon, keep, averageWeight] = scalars;
  const [first, second] = [1 - recipe.beta1, 1 - recipe.beta2];
  let squares = 0;
  if (recipe.clipNorm !== undefined) for (let i = 0; i < g.length; i++) squares += g[i] * g[i];
  const clip = recipe.clipNorm === undefined ? 1 : Math.min(1, recipe.clipNorm / (Math.sqrt(squares) + 1e-6));
  for (let i = 0; i < p.length; i++) {
    const gradient = clip * g[i];
    m[i] += first * (gradient - m[i]);
    v[i] += second * (gradient * gradient - v[i]);
    p[i] = keep * p[i] - (stepSize * m[i]) / (Math.sqrt(v[i]) + epsilon);
    if (recipe.ema) average[i] += averageWeight * (p[i] - average[i]);
  }
}

async function measure(width: number): Promise<void> {
  const sizes = mlpSizes(width);
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const megabytes = (4 * count) / 1e6;
  const [source, target] = [new Float32Array(count).fill(1), new Float32Array(count)];
  const copy = milliseconds(100, () => target.set(source));
  const row = (name: string, time: { median: number; least: number }, passes: number, note: string) =>
    console.log(
      `${(count / 1e6).toFixed(2)} M  ${name.padEnd(20)} ${time.median.toFixed(3).padStart(8)} ms (least ` +
        `${time.least.toFixed(3)})  ${((megabytes * passes) / time.median).toFixed(1).padStart(6)} GB/s  ${note}`,
    );
  row("copy", copy, 2, "");
  for (const [name, recipe] of recipes) {
    const arena = createArena({ sizes, copies: arenaCopies(recipe) });
    const kernel = await createKernel(recipe, arena);
    arena.views.gradient.forEach(fillGradient);
    const fast = milliseconds(150, (run) => {
      kernel.update(stepScalars(recipe, run));
    });
    const array = () => new Float32Array(count);
    const arrays = { g: array(), p: array(), m: array(), v: array(), average: array() };
    fillGradient(arrays.g);
    const slow =
      recipe.kind === "sgd" ? null : milliseconds(30, (run) => loopUpdate(recipe, stepScalars(recipe, run), arrays));
    // Parameters and each state are read and written, the gradient is read (twice if it is clipped).
    const passes = 2 * (1 + stateNames(recipe).length) + 1 + (recipe.clipNorm === undefined ? 0 : 1);
    const note = slow && `one loop ${slow.median.toFixed(1)} ms, ${(slow.median / fast.median).toFixed(1)} times`;
    row(name, fast, passes, note ?? "");
  }
}

for (const width of [1010, 1980]) await measure(width);
