/** A cloning run as data: everything that decides its result, as it stands in recipe.json. */
import { z } from "zod";
import { WEIGHTINGS } from "../algorithms/index.ts";
import { NORMALISATIONS } from "../datasets/index.ts";
import { adamw, type OptimizerRecipe, powerEma } from "../optim/index.ts";
import { horizonsSchema, policyRecipeSchema } from "../policies/index.ts";

const count = z.number().int().positive();
const seed = z.number().int().nonnegative();

export const cloningSchema = z.strictObject({
  kind: z.literal("behavioural-cloning"),
  version: z.literal(2),
  datasets: z
    .array(
      z.strictObject({
        path: z.string().describe("where the demonstrations were read"),
        weight: z.number().positive().describe("how often it is drawn from, beside the others"),
        digest: z
          .string()
          .nullable()
          .describe("SHA-256 of what was read; null: not yet read. A run that is repeated refuses other data"),
      }),
    )
    .nonempty(),
  task: z.string(),
  observation: z
    .array(z.string())
    .describe("observation columns to look at, by name or by the beginning of a name; empty: all"),
  policy: policyRecipeSchema,
  horizons: horizonsSchema,
  normalisation: z.strictObject({ observation: z.enum(NORMALISATIONS), action: z.enum(NORMALISATIONS) }),
  weighting: z
    .enum(WEIGHTINGS)
    // runs of before there was a choice go on
    .default("expert")
    .describe(
      "of steps, where a policy drove some of them: the expert's alone, or all, by whether they led to an intervention or were one",
    ),
  padding: z.enum(["imitate", "mask"]).describe("of chunks that reach beyond their episode"),
  batchSize: count,
  updates: count.min(2),
  learningRate: z.number().positive().describe("the highest of the schedule"),
  schedule: z.enum(["cosine", "constant"]),
  warmup: z.number().int().nonnegative().describe("updates over which the learning rate rises"),
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  weightDecay: z.number().nonnegative(),
  clipNorm: z.number().nonnegative().describe("0: gradients are not clipped"),
  averaging: z
    .number()
    .nonnegative()
    .describe("power of the moving average of the parameters (diffusion_policy: 0.75); 0: none"),
  validationFraction: z.number().gt(0).lt(1),
  splitSeed: seed.describe("of the split alone, so that runs with other seeds are held to the same episodes"),
  seed: seed.describe("of initial parameters, batches and noise"),
});

export type CloningRecipe = z.infer<typeof cloningSchema>;

/** AdamW on a schedule with warm-up, and an average of the parameters: diffusion_policy's recipe. */
export function cloningOptimizer(
  recipe: Pick<
    CloningRecipe,
    "learningRate" | "updates" | "schedule" | "warmup" | "beta1" | "beta2" | "weightDecay" | "clipNorm" | "averaging"
  >,
): OptimizerRecipe {
  const { learningRate: rate, updates, schedule, beta1, beta2, weightDecay, clipNorm, averaging } = recipe;
  const warmup = Math.min(recipe.warmup, updates - 1);
  return adamw({
    schedule:
      schedule === "cosine"
        ? { kind: "cosine", rate, warmup, total: updates }
        : { kind: "linear-warmup", rate, warmup },
    beta1,
    beta2,
    weightDecay,
    ...(clipNorm > 0 && { clipNorm }),
    ...(averaging > 0 && { ema: { ...powerEma, power: averaging } }),
  });
}

/** The JSON Schema of recipes, as it is published in docs/recipe.schema.json. */
export function recipeJsonSchema(): object {
  const schema = z.toJSONSchema(cloningSchema, { io: "input" });
  return { title: "A recipe of Apprentice: behavioural cloning", ...schema };
}
