/** A cloning run as data: everything that decides its result, as it stands in recipe.json. */
import { z } from "zod";
import { InputError } from "../base/index.ts";
import { adamw, type OptimizerRecipe, powerEma } from "../optim/index.ts";
import { horizonsSchema } from "../policies/index.ts";
import type { Horizons } from "../world/index.ts";

const count = z.number().int().positive();
const seed = z.number().int().nonnegative();

const cloningSchema = z.object({
  kind: z.literal("behavioural-cloning"),
  version: z.literal(1),
  /** Where the demonstrations were read. */
  dataset: z.string(),
  task: z.string(),
  policy: z.object({ head: z.enum(["l2", "gmm"]), hidden: z.array(count), modes: count }),
  horizons: horizonsSchema,
  batchSize: count,
  updates: count,
  /** Peak learning rate of the cosine schedule. */
  learningRate: z.number().positive(),
  /** Updates over which the learning rate rises. */
  warmup: z.number().int().nonnegative(),
  weightDecay: z.number().nonnegative(),
  validationFraction: z.number().gt(0).lt(1),
  /** Seed of the split alone, so that runs with other seeds are held to the same episodes. */
  splitSeed: seed,
  seed,
});

export type CloningRecipe = z.infer<typeof cloningSchema>;
export type HeadName = CloningRecipe["policy"]["head"];

/** What suits a task, chosen on other seeds than those reported (docs/algorithms/bc.md, "Settings"). */
interface TaskDefaults {
  readonly horizons: Horizons;
  readonly hidden: readonly number[];
  readonly updates: Readonly<Record<HeadName, number>>;
  readonly validationFraction: number;
}

const TASKS: Readonly<Record<string, TaskDefaults>> = {
  "push-t": {
    horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 },
    hidden: [256, 256],
    updates: { l2: 3000, gmm: 3000 },
    validationFraction: 0.1,
  },
  "udacity-driving": {
    horizons: { observationHorizon: 2, predictionHorizon: 8, actionHorizon: 4 },
    hidden: [64, 64],
    updates: { l2: 2000, gmm: 1000 },
    validationFraction: 0.2,
  },
  fork: {
    horizons: { observationHorizon: 1, predictionHorizon: 16, actionHorizon: 16 },
    hidden: [128, 128],
    updates: { l2: 6000, gmm: 6000 },
    validationFraction: 0.1,
  },
};

const DEFAULTS = {
  kind: "behavioural-cloning",
  version: 1,
  batchSize: 256,
  learningRate: 1e-3,
  warmup: 100,
  weightDecay: 1e-6,
  splitSeed: 0,
} as const;

/** The recipe for a task and head, with the defaults of the task. */
export function cloningRecipe(choice: {
  dataset: string;
  task: string;
  head: HeadName;
  seed: number;
  updates?: number;
}): CloningRecipe {
  const defaults = TASKS[choice.task];
  if (!defaults) {
    throw new InputError(`dataset ${choice.dataset}: task "${choice.task}", expected ${Object.keys(TASKS).join(", ")}`);
  }
  return {
    ...DEFAULTS,
    dataset: choice.dataset,
    task: choice.task,
    policy: { head: choice.head, hidden: [...defaults.hidden], modes: 5 },
    horizons: defaults.horizons,
    updates: choice.updates ?? defaults.updates[choice.head],
    validationFraction: defaults.validationFraction,
    seed: choice.seed,
  };
}

/** AdamW on a cosine with warm-up and an average of the parameters: diffusion_policy's recipe at a higher rate. */
export function cloningOptimizer({ learningRate, warmup, updates, weightDecay }: CloningRecipe): OptimizerRecipe {
  return adamw({
    schedule: { kind: "cosine", rate: learningRate, warmup: Math.min(warmup, updates - 1), total: updates },
    weightDecay,
    ema: powerEma,
  });
}

/** The recipe in a parsed recipe.json. Throws an InputError that names `where` and the field. */
export function readCloningRecipe(value: unknown, where: string): CloningRecipe {
  const parsed = cloningSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(`${where}: ${issue.path.join(".") || "recipe"}: ${issue.message}`);
}
