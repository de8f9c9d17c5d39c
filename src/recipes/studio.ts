/** How the studio trains, on its server and in the page alike: policies that are there in half a minute, on one thread. */
import type { AggregateOptions } from "../algorithms/index.ts";
import { InputError } from "../base/index.ts";
import { denoises, HEADS, type HeadName } from "../policies/index.ts";
import { episodeSeeds, type Horizons } from "../world/index.ts";
import type { CloningRecipe } from "./cloning.ts";
import type { RecipePart } from "./complete.ts";
import { completeOnlineRecipe, learningOf, type OnlineRecipe } from "./online.ts";

/** Heads that the studio offers, the one that suits most tasks first. */
export const STUDIO_HEADS: readonly HeadName[] = ["diffusion", ...HEADS.filter((head) => head !== "diffusion")];

export interface StudioChoice {
  readonly task: string;
  /** One of `STUDIO_HEADS`; default `studioHead` of the task. */
  readonly head?: string;
  readonly updates?: number;
  /** Steps of an expert that there are to learn from: heads that draw need more updates for more of them. */
  readonly expertSteps?: number;
  readonly weighting?: CloningRecipe["weighting"];
  readonly seed?: number;
}

/** What a policy of the studio is made from, but for its data: what `cloneRecorded` is told. */
export interface StudioRecipe {
  readonly task: string;
  readonly head: HeadName;
  readonly learning: OnlineRecipe["learning"];
  readonly aggregation: AggregateOptions & Pick<CloningRecipe, "weighting">;
  readonly seed: number;
}

/** Demonstrations of the server's own, from which a first policy is learned. */
export interface FirstLesson {
  readonly expert: string;
  readonly episodes: number;
  readonly updates?: number;
}

/** Starts of the server's own on which policies are judged, and what their gate is calibrated by. */
export const STUDIO_JUDGING = { episodes: 50, falseAlarms: 0.1, samples: 16, window: 5 } as const;

/**
 * The selection seeds of seed 0, from 900,000 on: a page drives demonstration seeds, `apprentice evaluate` reports on
 * evaluation seeds, and no two of these meet (`episodeSeeds`).
 */
export const judgingSeeds = (): number[] => episodeSeeds("selection", 0, STUDIO_JUDGING.episodes);

interface StudioDefaults {
  readonly head: HeadName;
  /** Of heads that draw: plans that follow one another overlap, so that it can be told whether they agree. */
  readonly drawing: { readonly horizons: Horizons; readonly updates: number };
  readonly first: FirstLesson;
}

/** Measured on driving, seeds 50 to 52 (docs/studio-training.md). */
const DRIVING: StudioDefaults = {
  head: "diffusion",
  drawing: { horizons: { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 4 }, updates: 4000 },
  first: { expert: "left", episodes: 10 },
};

const TASKS: Readonly<Record<string, StudioDefaults>> = {
  // Through a perceptron diffusion learns it worst of all heads (README, "From demonstrations to a policy").
  "push-t": {
    head: "gmm",
    drawing: { horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 }, updates: 6000 },
    first: { expert: "pusher", episodes: 100, updates: 3000 },
  },
  // Few enough that there is something left to correct.
  "driving-urgent": { ...DRIVING, first: { expert: "left", episodes: 2 } },
  "driving-leisurely": { ...DRIVING, first: { expert: "left", episodes: 3 } },
  "driving-fork": { ...DRIVING, first: { expert: "left", episodes: 3 } },
};

const defaultsOf = (task: string): StudioDefaults => TASKS[task] ?? DRIVING;

/** The head that suits a task best, of those that are trained so quickly. */
export const studioHead = (task: string): HeadName => defaultsOf(task).head;

export const firstLesson = (task: string): FirstLesson => defaultsOf(task).first;

/** Of an expert's steps, for each of which a head that draws has its updates; beyond thrice as many it has no more. */
const STEPS = 6000;
const MOST = 3;

/**
 * The whole of a recipe, by the defaults of the online half, on which the published experiments were run. Throws an InputError
 * for a head that there is not.
 */
export function studioRecipe(choice: StudioChoice): StudioRecipe {
  const { task, head, updates, expertSteps = 0, weighting = "expert", seed = 0 } = choice;
  const name = STUDIO_HEADS.find((one) => one === (head ?? studioHead(task)));
  if (!name) throw new InputError(`head: found "${head}", expected one of ${STUDIO_HEADS.join(", ")}`);
  const { drawing } = defaultsOf(task);
  const share = Math.min(MOST, Math.max(1, expertSteps / STEPS));
  const { learning, before, lag } = completeOnlineRecipe(
    {
      algorithm: "hg-dagger",
      weighting,
      learning: {
        policy: { head: { kind: name } },
        ...(denoises(name) && { horizons: drawing.horizons, updates: Math.round(drawing.updates * share) }),
        ...(updates !== undefined && { updates }),
      },
    },
    { task, expert: "operator", where: "studio" },
  );
  return { task, head: name, learning, aggregation: { weighting, before, lag }, seed };
}

/** All that `cloneRecorded` is told but its runtime. */
export const studioLearning = (recipe: StudioRecipe) => {
  const { aggregation, seed } = recipe;
  return { ...learningOf(recipe), aggregation, seed };
};

/** What is written of how a policy of the studio came about: its run's recipe.json. */
export interface StudioRun extends StudioRecipe {
  readonly kind: "studio";
  readonly version: 1;
  /** The stores that it learned from, each drawn from as often as it has steps of an expert. */
  readonly datasets: readonly { readonly path: string; readonly weight: number }[];
  /** The episodes of what was recorded in the studio. */
  readonly episodes: readonly string[];
}

/**
 * The part of a recipe that was read from a file: that of a studio's run as `apprentice train` has it, which learns from all
 * episodes that are there now, and holds some out; any other as it is.
 */
export function cloningPart(part: RecipePart): RecipePart {
  if (part.kind !== "studio") return part;
  const { task, datasets, learning, aggregation, seed } = part as unknown as StudioRun;
  const { normaliseObservation, ...fields } = learning;
  const normalisation = { observation: normaliseObservation, action: "limits" };
  return { ...fields, task, datasets, normalisation, weighting: aggregation.weighting, seed };
}
