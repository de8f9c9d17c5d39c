/** The choices that make a policy, as they stand in a recipe: encoder x network x head. */
import { z } from "zod";

const count = z.number().int().positive();
const sizes = z.array(count).nonempty();
/** Whether evaluation draws from the policy's distribution, from its modes, or not at all. */
export const SAMPLING = ["full", "low-noise", "deterministic"] as const;
const sampling = z.enum(SAMPLING);

/** From the last To observations to one vector. */
export const encoderSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("flatten").describe("the observations side by side") }),
  z.strictObject({
    kind: z.literal("gru").describe("the last state of a gated recurrent unit"),
    size: count,
    layers: count,
  }),
  z.strictObject({
    kind: z.literal("transformer").describe("the last token of a causal transformer"),
    size: count,
    layers: count,
    heads: count,
  }),
]);

/** From that vector to what the head reads. */
export const networkSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("mlp").describe("a perceptron"),
    hidden: sizes,
    residual: z
      .boolean()
      .describe("blocks of two layers added to their input; then hidden sizes are odd in number and equal"),
  }),
  z.strictObject({
    kind: z.literal("u-net").describe("the conditional 1-D U-Net over the chunk; for diffusion and flow"),
    widths: z
      .array(count.multipleOf(8, "expected a multiple of 8, as channels are normalised in 8 groups"))
      .nonempty()
      .describe("channels of each level, finest first, multiples of 8"),
    kernel: count.refine((size) => size % 2 === 1, "expected an odd number, so that chunks keep their length"),
    time: count.min(4).multipleOf(2, "expected an even number").describe("size of the time embedding"),
  }),
]);

const regression = <Name extends string>(name: Name) => z.strictObject({ kind: z.literal(name) });

export const headSchema = z.discriminatedUnion("kind", [
  regression("l2"),
  regression("l1"),
  z.strictObject({ kind: z.literal("huber"), delta: z.number().positive() }),
  z.strictObject({
    kind: z.literal("gaussian"),
    minimumDeviation: z.number().positive(),
    sampling: sampling.describe("low-noise and deterministic both take the mean"),
  }),
  z.strictObject({
    kind: z.literal("gmm"),
    modes: count,
    minimumDeviation: z.number().positive(),
    sampling: sampling.describe("low-noise: the mode is drawn, its mean taken"),
  }),
  z.strictObject({
    kind: z.literal("autoregressive"),
    bins: count.min(2),
    binning: z.enum(["uniform", "quantile"]),
    order: z
      .array(z.string())
      .describe("names of action dimensions, which are chosen first in every step; the others follow"),
    temperature: z.number().nonnegative().describe("0: the likeliest bin each time"),
  }),
  z.strictObject({
    kind: z.literal("diffusion"),
    steps: count.min(2).describe("noise levels of training"),
    prediction: z.enum(["epsilon", "sample", "v"]),
    sampler: z.enum(["ddim", "ddpm"]),
    samplingSteps: count.min(2),
    sampling: sampling.describe("low-noise as full; deterministic: starts from zeros"),
  }),
  z.strictObject({
    kind: z.literal("flow"),
    samplingSteps: count,
    levels: z.enum(["beta", "uniform"]),
    sampling: sampling.describe("low-noise as full; deterministic: starts from zeros"),
  }),
]);

export const policyRecipeSchema = z
  .strictObject({ encoder: encoderSchema, network: networkSchema, head: headSchema })
  .superRefine((recipe, { addIssue }) => {
    for (const { path, message } of disagreements(recipe)) {
      addIssue({ code: "custom", path: [...path], message, input: undefined });
    }
  });

interface Disagreement {
  readonly path: readonly string[];
  readonly message: string;
}

/** Fields that are right by themselves and wrong beside others. */
function disagreements({ encoder, network, head }: Parts): Disagreement[] {
  const found: Disagreement[] = [];
  const wrong = (path: string, message: string) =>
    found.push({ path: path.split("."), message: `expected ${message}` });
  if (network.kind === "u-net" && !denoises(head.kind)) wrong("network.kind", `"mlp" with head "${head.kind}"`);
  if (network.kind === "mlp" && network.residual) {
    const { hidden } = network;
    const fits = hidden.length % 2 === 1 && hidden.every((size) => size === hidden[0]);
    if (head.kind === "autoregressive") wrong("network.residual", `false with head "${head.kind}"`);
    else if (!fits) wrong("network.hidden", "an odd number of equal sizes, as the network is residual");
  }
  if (encoder.kind === "transformer" && encoder.size % encoder.heads !== 0) {
    wrong("encoder.heads", `a divisor of its size, ${encoder.size}`);
  }
  if (head.kind === "diffusion" && head.samplingSteps > head.steps) {
    wrong("head.samplingSteps", `at most the noise levels of training (policy.head.steps), ${head.steps}`);
  }
  return found;
}

interface Parts {
  readonly encoder: z.infer<typeof encoderSchema>;
  readonly network: z.infer<typeof networkSchema>;
  readonly head: z.infer<typeof headSchema>;
}

/** The choice of encoder, network and head. */
export type PolicyRecipe = z.infer<typeof policyRecipeSchema>;
export type HeadRecipe = PolicyRecipe["head"];
export type HeadName = HeadRecipe["kind"];
export type NetworkRecipe = PolicyRecipe["network"];
export type EncoderRecipe = PolicyRecipe["encoder"];

/** Every head there is, in the order of the lecture. */
export const HEADS = headSchema.options.map(({ shape }) => shape.kind.value) as readonly HeadName[];

/** Whether a head draws by removing noise step by step. */
export const denoises = (head: HeadName): boolean => head === "diffusion" || head === "flow";

/** Parts of a policy's recipe that are chosen; the others are the head's defaults. */
export interface PolicyChoice {
  readonly encoder?: EncoderRecipe;
  readonly network?: NetworkRecipe;
  /** Sizes of the hidden layers: a perceptron in place of the head's own network. */
  readonly hidden?: readonly number[];
  /** Options of the head, over its defaults. */
  readonly options?: Partial<Omit<HeadRecipe, "kind">>;
}

/** The default options of every head; where each comes from is told on the page of its algorithm. */
const HEAD_DEFAULTS: { readonly [Name in HeadName]: Extract<HeadRecipe, { kind: Name }> } = {
  l2: { kind: "l2" },
  l1: { kind: "l1" },
  huber: { kind: "huber", delta: 0.1 },
  gaussian: { kind: "gaussian", minimumDeviation: 0.01, sampling: "low-noise" },
  gmm: { kind: "gmm", modes: 5, minimumDeviation: 1e-4, sampling: "low-noise" },
  autoregressive: { kind: "autoregressive", bins: 64, binning: "uniform", order: [], temperature: 1 },
  diffusion: {
    kind: "diffusion",
    steps: 100,
    prediction: "epsilon",
    sampler: "ddim",
    samplingSteps: 16,
    sampling: "full",
  },
  flow: { kind: "flow", samplingSteps: 16, levels: "beta", sampling: "full" },
};

const DENOISER: NetworkRecipe = { kind: "mlp", hidden: [256, 256, 256], residual: true };
const PERCEPTRON: NetworkRecipe = { kind: "mlp", hidden: [256, 256], residual: false };

/** The recipe of a policy with this head. Throws a ZodError for options that the head does not have. */
export function policyRecipe(head: HeadName, { encoder, network, hidden, options }: PolicyChoice = {}): PolicyRecipe {
  const own = denoises(head) ? DENOISER : PERCEPTRON;
  const perceptron = hidden && { kind: "mlp", hidden: [...hidden], residual: false };
  return policyRecipeSchema.parse({
    encoder: encoder ?? { kind: "flatten" },
    network: network ?? perceptron ?? own,
    head: { ...HEAD_DEFAULTS[head], ...options },
  });
}
