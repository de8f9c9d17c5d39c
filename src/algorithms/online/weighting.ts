/** How much each class of steps counts in the loss: what tells DAgger, HG-DAgger, IWR and Sirius apart once all is recorded. */
import { InputError } from "../../base/index.ts";

/**
 * - `demonstration`: of an episode that the expert drove from beginning to end.
 * - `label`: the policy drove, the expert said what it would do.
 * - `intervention`: the expert had taken over.
 * - `pre-intervention`: the policy drove, and the expert was about to take over.
 * - `policy`: the policy drove, and nobody objected.
 */
export const STEP_CLASSES = ["demonstration", "label", "intervention", "pre-intervention", "policy"] as const;
export type StepClass = (typeof STEP_CLASSES)[number];
export type PerClass = Readonly<Record<StepClass, number>>;

/**
 * - `expert`: what the expert did or said, and nothing else (DAgger; HG-DAgger, where it says nothing but what it does).
 * - `iwr`: all steps, interventions with as much weight together as all others together (Mandlekar et al. 2020).
 * - `sirius`: all steps; interventions half of the weight, steps before them nearly none (Liu et al. 2022).
 * - a weight per class.
 */
export type Weighting = "expert" | "iwr" | "sirius" | PerClass;
export const WEIGHTINGS = ["expert", "iwr", "sirius"] as const;

/** Weight of a step of each class, given how many there are of each. Throws InputError for a weight below 0. */
export function weightsOf(weighting: Weighting, counts: PerClass): PerClass {
  if (weighting === "expert") return { ...NONE, demonstration: 1, label: 1, intervention: 1 };
  if (weighting === "iwr") return iwr(counts);
  if (weighting === "sirius") return sirius(counts);
  for (const name of STEP_CLASSES) {
    if (!(weighting[name] >= 0)) throw new InputError(`weights: ${name}: found ${weighting[name]}, expected 0 or more`);
  }
  return weighting;
}

const NONE: PerClass = { demonstration: 0, label: 0, intervention: 0, "pre-intervention": 0, policy: 0 };

/** Labels are interventions without the driving, and count as such. */
const corrections = ({ label, intervention }: PerClass): number => label + intervention;
const totalOf = (counts: PerClass): number => STEP_CLASSES.reduce((sum, name) => sum + counts[name], 0);

function iwr(counts: PerClass): PerClass {
  const corrected = corrections(counts);
  const weight = corrected > 0 ? (totalOf(counts) - corrected) / corrected : 1;
  // without a step of another class there is nothing to balance
  const balanced = weight > 0 ? weight : 1;
  return { demonstration: 1, label: balanced, intervention: balanced, "pre-intervention": 1, policy: 1 };
}

/** Shares of the whole weight that interventions and the steps before them get. */
const SIRIUS = { intervention: 0.5, before: 0.002 } as const;

/**
 * Demonstrations keep the weight 1, what is left is the policy's. Where demonstrations are more than that leaves, the
 * policy's weight would be negative: it is 0, and the mean of all weights is brought back to 1 (ALGORITHMS.md 6.2).
 */
function sirius(counts: PerClass): PerClass {
  const total = totalOf(counts);
  const corrected = corrections(counts);
  const share = (mass: number, count: number) => (count > 0 ? (mass * total) / count : 0);
  const mass = {
    correction: corrected > 0 ? SIRIUS.intervention : 0,
    before: counts["pre-intervention"] > 0 ? SIRIUS.before : 0,
  };
  const left = 1 - mass.correction - mass.before - counts.demonstration / total;
  const correction = share(mass.correction, corrected);
  const raw: PerClass = {
    demonstration: 1,
    label: correction,
    intervention: correction,
    "pre-intervention": share(mass.before, counts["pre-intervention"]),
    policy: Math.max(0, share(left, counts.policy)),
  };
  const mean = STEP_CLASSES.reduce((sum, name) => sum + raw[name] * counts[name], 0) / total;
  return Object.fromEntries(STEP_CLASSES.map((name) => [name, raw[name] / mean])) as PerClass;
}
