/** What is learned from which episodes: the choice a person makes before training, and what it comes to. */
import type { EpisodeSummary } from "apprentice";
import { drivenSteps } from "../episodes/strip.ts";
import { total } from "../episodes/total.ts";
import type { TrainRequest } from "../server/view.ts";

export type Weighting = NonNullable<TrainRequest["weighting"]>;

export const WEIGHTINGS: readonly { readonly name: Weighting; readonly title: string; readonly what: string }[] = [
  {
    name: "expert",
    title: "Expert steps",
    what: "Imitates what the expert drove or labelled, every step alike, and nothing that the policy did.",
  },
  {
    name: "iwr",
    title: "Intervention-weighted (IWR)",
    what: "Imitates all steps, the policy's too; interventions count as much together as all the others together.",
  },
  {
    name: "sirius",
    title: "Sirius",
    what: "All steps again, interventions half of the weight; what led up to a take-over counts for nearly nothing.",
  },
];

export interface Learnable {
  readonly episodes: number;
  readonly expertSteps: number;
  /** Labels beside these: what a person drives bears its own label, so only those beyond count. */
  readonly labels: number;
  readonly policySteps: number;
}

/** What the kept episodes of these operators hold; of all where none is chosen. */
export function learnable(episodes: readonly EpisodeSummary[], operators: readonly string[] | null): Learnable {
  const chosen = episodes.filter(
    ({ deleted, operator, steps }) =>
      !deleted && steps > 0 && (operators === null || (operator !== null && operators.includes(operator))),
  );
  return {
    episodes: chosen.length,
    expertSteps: total(chosen, ({ strip }) => drivenSteps(strip).expert),
    labels: total(chosen, ({ labels, strip }) => Math.max(0, labels - drivenSteps(strip).expert)),
    policySteps: total(chosen, ({ strip }) => drivenSteps(strip).policy),
  };
}

/** Why there is nothing to train on, in one line; null where there is. */
export function whyNotTrain({ episodes, expertSteps, labels }: Learnable): string | null {
  if (episodes === 0) return "There are no episodes to learn from yet: drive one first.";
  if (expertSteps + labels === 0)
    return "No expert has driven or labelled a step of these episodes: there is nothing to imitate.";
  return null;
}
