/** What the simulated operator goes through: how it was chosen, and what was changed later, is told in docs/studio-operator.md. */
import type { Scenario } from "../../environments/index.ts";
import type { OperatorOptions } from "../../supervisors/index.ts";

/** Trainings that are reported, each with an operator, demonstrations and starts of its own. */
export const SEEDS = [1, 2, 3] as const;
/** Of the starts on which every version is judged: nobody drives them. */
export const EVALUATION_SEED = 7;
export const EPISODES = 500;

/** Of one scenario: how it is driven, and how much of it. */
export interface Plan {
  readonly task: string;
  readonly scenario: Scenario;
  /** Styles of the expert that the hands follow; of several, each episode has one. */
  readonly styles: readonly ("left" | "right")[];
  readonly head: string;
  readonly updates: number;
  readonly demonstrations: number;
  readonly rounds: number;
  /** A round ends with the episode in which so many interventions or so many episodes are reached. */
  readonly interventions: number;
  readonly episodes: number;
  /** s for which what is being done is imagined to go on, before the operator calls it a danger. */
  readonly horizon: number;
  readonly rewind: number | null;
  /** Whether the hands say by the keys what they would do while the policy drives. */
  readonly shadow: boolean;
  /** s for which it drives at least, and without danger, before it hands back. */
  readonly leastControl: number;
  readonly calm: number;
}
/** In the order in which they are told. */
export const COURSES = ["traffic", "urgent"] as const;
export type Course = (typeof COURSES)[number];

export const PLANS: Readonly<Record<Course, Plan>> = {
  traffic: {
    ...{ task: "driving", scenario: "traffic", styles: ["left"], head: "l2", updates: 6000 },
    ...{ demonstrations: 8, rounds: 9, interventions: 80, episodes: 25, horizon: 0.8, rewind: 0.5 },
    ...{ shadow: true, leastControl: 1, calm: 0.5 },
  },
  urgent: {
    ...{ task: "driving-urgent", scenario: "urgent", styles: ["left"], head: "l2", updates: 2000 },
    ...{ demonstrations: 8, rounds: 4, interventions: 20, episodes: 30, horizon: 0.3, rewind: 0.5 },
    ...{ shadow: true, leastControl: 1, calm: 0.5 },
  },
};

/** Reacts in 0.3 s, and never looks away. */
export const OPERATOR = { reactionDelay: 0.3, lapseRate: 0 } as const satisfies Partial<OperatorOptions>;
/** s for which it imagines the expert to save the situation; steps from one look to the next. */
export const FORESIGHT = { rescue: 3, every: 2 } as const;
export const REWINDS = 3;

/** A type alias, so that it can be cloned into a thread as data. */
export type Cell = {
  readonly kind: "hands" | "studio";
  readonly course: Course;
  readonly seed: number;
  readonly episodes: number;
  readonly evaluationSeed: number;
  /** Folder of the versions that are there already, from which a stopped cell goes on; null: none is kept. */
  readonly run: string | null;
  /** Parts of the plan that are otherwise: for tests, and to find out what suits. */
  readonly over?: Partial<Plan>;
};
