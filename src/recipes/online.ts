/** A run of the online half as data: who supervises how, how much is asked of it, and how a policy is learned in each round. */
import { z } from "zod";
import { STEP_CLASSES, WEIGHTINGS } from "../algorithms/index.ts";
import { NORMALISATIONS } from "../datasets/index.ts";
import type { OptimizerRecipe } from "../optim/index.ts";
import { denoises, type HeadName, type PolicyRecipe, policyRecipe } from "../policies/index.ts";
import { ATTENTIVE } from "../supervisors/index.ts";
import type { Horizons } from "../world/index.ts";
import { cloningOptimizer, cloningSchema } from "./cloning.ts";
import { headOf, type RecipePart, readRecipe, recipeOver, withChosenKinds } from "./complete.ts";
import { recipeDefaults } from "./defaults.ts";

/** A gate decides when the expert is to drive; `recoverability` is ours, `random` asks by chance. */
export const GATED = [
  "safe-dagger",
  "lazy-dagger",
  "ensemble-dagger",
  "thrifty-dagger",
  "diff-dagger",
  "stac",
  "recoverability",
  "random",
] as const;
export type Gated = (typeof GATED)[number];

/** In the order of the lecture. `clone` adds demonstrations in every round: what the others are compared with. */
export const ALGORITHMS = ["clone", "dagger", "hg-dagger", "smile", "dart", ...GATED] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const isGated = (algorithm: Algorithm): algorithm is Gated => (GATED as readonly string[]).includes(algorithm);

export const GATE_RULES = ["conformal", "budget"] as const;

const count = z.number().int().positive();
const share = z.number().min(0).max(1);
const seconds = z.number().nonnegative();
const amount = z.number().nonnegative();

const beta = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("first") }).describe("the expert alone in round 0, the policy alone afterwards"),
  z.strictObject({ kind: z.literal("exponential"), p: share }),
  z.strictObject({ kind: z.literal("linear"), rounds: count }),
]);

const foresight = z.discriminatedUnion("kind", [
  z
    .strictObject({ kind: z.literal("fork"), horizon: seconds, rescue: seconds, every: count })
    .describe(
      "danger: after going on for `horizon` s the expert could not save it within `rescue` s; looked at every so many steps",
    ),
  z
    .strictObject({ kind: z.literal("stall"), patience: seconds, least: amount })
    .describe("danger: no reward greater by `least` for `patience` s"),
]);

const GATE = { alpha: 0.1, trials: 40, members: 5, samples: 16, window: 5, dwell: 10, updates: 1000 } as const;

export const onlineSchema = z.strictObject({
  kind: z.literal("online"),
  version: z.literal(1),
  algorithm: z.enum(ALGORITHMS),
  task: z.string(),
  expert: z.string().describe("name of the scripted expert that stands in for a person"),
  rounds: count.describe("after round 0, which is the demonstrations alone"),
  demonstrations: count.describe("episodes that the expert demonstrates in round 0"),
  episodes: count.describe("episodes of each later round, at most"),
  budget: z
    .number()
    .int()
    .nonnegative()
    .describe("a round ends with the episode in which the expert has said or done so many steps; 0: no limit"),
  beta: beta.describe("dagger: how likely the expert drives in a round"),
  chunkLabels: z
    .enum(["one-step", "look-ahead"])
    .describe(
      "dagger: labels of visited states alone, or whole chunks by letting the expert drive on in a fork of the world",
    ),
  labelEvery: count
    // runs of before there was a choice go on
    .default(1)
    .describe("dagger, smile: where the policy drives, the expert says in every so many-th step what it would do"),
  alpha: z.number().gt(0).max(1).describe("smile: share of each new policy"),
  disturbance: amount.describe("dart: expected squared error of an episode, in squared units; 0: as measured"),
  weighting: z
    .union([
      z.enum(WEIGHTINGS),
      z.strictObject(
        Object.fromEntries(STEP_CLASSES.map((name) => [name, amount])) as Record<
          (typeof STEP_CLASSES)[number],
          typeof amount
        >,
      ),
    ])
    .describe("how much classes of steps count in the loss"),
  before: z.number().int().nonnegative().describe("steps that count as leading to an intervention"),
  lag: z.number().int().nonnegative().describe("steps at the beginning of an intervention that are not learned from"),
  operator: z.strictObject({
    reactionDelay: seconds,
    lapseRate: amount.describe("lapses of attention per second"),
    lapseDuration: seconds,
    leastControl: seconds.describe("for which it drives at least"),
    calm: seconds.describe("without danger, before it hands back"),
  }),
  foresight,
  gate: z
    .strictObject({
      rule: z
        .enum(GATE_RULES)
        .describe(
          "thresholds above which a share alpha at most of the policy's own successes reaches, or a share alpha of all of its readings",
        ),
      alpha: z.number().gt(0).lt(1),
      trials: count.describe("episodes of the policy alone before each round: half to learn from, half for thresholds"),
      members: z.number().int().min(2).describe("of the ensembles that doubt"),
      samples: z.number().int().min(2).describe("stac: chunks that are drawn"),
      window: count.describe("stac: plans that are added up"),
      patience: count.describe("readings in a row above a threshold that make an alarm"),
      dwell: count.describe("steps that an alarm lasts at least"),
      updates: count.describe("of each model beside the policy, in every round"),
    })
    // runs of before there were gates go on
    .default({ ...GATE, rule: "conformal", patience: 1 })
    .describe("of algorithms in which a gate asks for help"),
  start: z.enum(["scratch", "warm"]).describe("where a round's training begins"),
  selection: count.describe("episodes by which the best of the rounds is chosen"),
  learning: cloningSchema
    .omit({
      kind: true,
      version: true,
      datasets: true,
      task: true,
      observation: true,
      normalisation: true,
      weighting: true,
      validationFraction: true,
      splitSeed: true,
      seed: true,
    })
    .extend({
      normaliseObservation: z
        .enum(NORMALISATIONS)
        .describe("fitted in round 0; actions are normalised by the bounds of their space"),
    })
    .describe("how a policy is learned from all that was recorded so far"),
  seed: z.number().int().nonnegative(),
});

export type OnlineRecipe = z.infer<typeof onlineSchema>;

/** The optimizer of one round. */
export const onlineOptimizer = ({ learning }: Pick<OnlineRecipe, "learning">): OptimizerRecipe =>
  cloningOptimizer(learning);

/** How a policy is learned, as `cloneRecorded` is told. */
export const learningOf = (recipe: Pick<OnlineRecipe, "learning">) => ({
  ...recipe.learning,
  observation: recipe.learning.normaliseObservation,
  optimizer: onlineOptimizer(recipe),
});

interface Suiting {
  readonly head: HeadName;
  readonly policy: PolicyRecipe;
  readonly horizons: Horizons;
  readonly updates: number;
  readonly foresight: OnlineRecipe["foresight"];
  readonly observation: "limits" | "standard";
}

const ONE_STEP: Horizons = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };

/** Where plans are judged there have to be some, and those that follow one another have to overlap. */
const PLANNING: Horizons = { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 4 };

/** Chosen on other seeds than those reported (docs/algorithms/dagger.md, "Settings"). */
const DRIVING: Suiting = {
  head: "l1",
  policy: policyRecipe("l1", { hidden: [256, 256, 256] }),
  horizons: ONE_STEP,
  updates: 2000,
  foresight: { kind: "fork", horizon: 0.5, rescue: 3, every: 2 },
  observation: "standard",
};
const SUITING: Readonly<Record<string, Suiting>> = {
  "push-t": {
    ...DRIVING,
    horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 },
    foresight: { kind: "stall", patience: 3, least: 0.01 },
    observation: "limits",
  },
};

/**
 * A whole recipe of what is given, over defaults that suit the task. Throws an InputError that names `where`, the field, what was
 * found and what was expected; for a misspelt field the nearest right one.
 */
export function completeOnlineRecipe(
  given: RecipePart,
  { task, expert, where }: { task: string; expert: string; where: string },
): OnlineRecipe {
  const suiting = SUITING[task] ?? DRIVING;
  const learning = (given.learning ?? {}) as RecipePart;
  const { algorithm } = given;
  const plans = algorithm === "diff-dagger" || algorithm === "stac";
  const head = headOf(learning, `${where}: learning`, plans ? "diffusion" : suiting.head);
  const budgeted = algorithm === "thrifty-dagger" || algorithm === "random";
  const gate = { ...GATE, rule: budgeted ? "budget" : "conformal", patience: algorithm === "diff-dagger" ? 2 : 1 };
  const defaults = { ...DEFAULTS, task, expert, foresight: suiting.foresight, gate };
  const horizons = plans && suiting.horizons === ONE_STEP ? PLANNING : suiting.horizons;
  const own = withChosenKinds(learningDefaults(task, head, { ...suiting, horizons }), learning, head);
  return readOnlineRecipe(recipeOver({ ...defaults, learning: own }, given), where);
}

/** The recipe in a parsed recipe.json. */
export const readOnlineRecipe = (value: unknown, where: string): OnlineRecipe => readRecipe(onlineSchema, value, where);

const DEFAULTS = {
  kind: "online",
  version: 1,
  algorithm: "dagger",
  rounds: 10,
  demonstrations: 10,
  episodes: 15,
  budget: 0,
  beta: { kind: "first" },
  chunkLabels: "one-step",
  labelEvery: 1,
  alpha: 0.2,
  disturbance: 0,
  weighting: "expert",
  before: 15,
  lag: 0,
  operator: { ...ATTENTIVE },
  start: "scratch",
  selection: 100,
  seed: 0,
} as const;

function learningDefaults(
  task: string,
  head: HeadName,
  { policy, horizons, updates, observation, ...suiting }: Suiting,
): RecipePart {
  const {
    kind,
    version,
    validationFraction,
    splitSeed,
    seed,
    observation: _,
    normalisation,
    weighting,
    ...fields
  } = recipeDefaults(task, head);
  return {
    ...fields,
    policy: head === suiting.head ? policy : fields.policy,
    horizons: { ...horizons },
    normaliseObservation: observation,
    updates: denoises(head) ? 2 * updates : updates,
  };
}

/** The JSON Schema of such recipes, as it is published in docs/online-recipe.schema.json. */
export function onlineRecipeJsonSchema(): object {
  return { title: "A recipe of Apprentice: the online half", ...z.toJSONSchema(onlineSchema, { io: "input" }) };
}
