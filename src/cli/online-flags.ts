/** The flags of an online run's recipe: its own, and those of how a policy is learned. */
import { InvalidArgumentError } from "commander";
import { WEIGHTINGS } from "../algorithms/index.ts";
import { NORMALISATIONS } from "../datasets/index.ts";
import { ALGORITHMS, GATE_RULES } from "../recipes/index.ts";
import { wholeNumber } from "./arguments.ts";
import { number, RECIPE_FLAGS, type RecipeFlag } from "./recipe-flags.ts";

/** `first`, `exponential:P` or `linear:ROUNDS`. */
function beta(text: string): object {
  const [kind, value] = text.split(":");
  if (kind === "first" && value === undefined) return { kind };
  if (kind === "exponential" && value !== undefined) return { kind, p: number(value) };
  if (kind === "linear" && value !== undefined) return { kind, rounds: wholeNumber(1)(value) };
  throw new InvalidArgumentError(`found "${text}", expected first, exponential:P or linear:ROUNDS.`);
}

/** `fork:HORIZON,RESCUE,EVERY` or `stall:PATIENCE,LEAST`. */
function foresight(text: string): object {
  const [kind, rest = ""] = text.split(":");
  const values = rest.split(",").map((part) => number(part));
  if (kind === "fork" && values.length === 3) return { kind, horizon: values[0], rescue: values[1], every: values[2] };
  if (kind === "stall" && values.length === 2) return { kind, patience: values[0], least: values[1] };
  throw new InvalidArgumentError(`found "${text}", expected fork:HORIZON,RESCUE,EVERY or stall:PATIENCE,LEAST.`);
}

const OWN: readonly RecipeFlag[] = [
  { flag: "--algorithm <name>", field: "algorithm", description: "who supervises, and how", choices: ALGORITHMS },
  {
    flag: "--expert <name>",
    field: "expert",
    description: "scripted expert in a person's place; default: the task's first",
  },
  { flag: "--rounds <n>", field: "rounds", description: "after round 0, the demonstrations", parse: wholeNumber(1) },
  { flag: "--demonstrations <n>", field: "demonstrations", description: "episodes of round 0", parse: wholeNumber(1) },
  { flag: "--episodes <n>", field: "episodes", description: "of each later round, at most", parse: wholeNumber(1) },
  {
    flag: "--budget <steps>",
    field: "budget",
    description: "end a round when the expert has said or done so many; 0: no limit",
    parse: wholeNumber(0),
  },
  { flag: "--beta <schedule>", field: "beta", description: "dagger: first, exponential:P, linear:ROUNDS", parse: beta },
  {
    flag: "--chunk-labels <kind>",
    field: "chunkLabels",
    description: "dagger: labels of visited states, or chunks by driving on in a fork",
    choices: ["one-step", "look-ahead"],
  },
  {
    flag: "--label-every <n>",
    field: "labelEvery",
    description: "dagger, smile: steps of the policy's from one label to the next",
    parse: wholeNumber(1),
  },
  { flag: "--alpha <x>", field: "alpha", description: "smile: share of each new policy", parse: number },
  {
    flag: "--disturbance <x>",
    field: "disturbance",
    description: "dart: squared error of an episode; 0: as measured",
    parse: number,
  },
  { flag: "--weighting <kind>", field: "weighting", description: "of classes of steps", choices: WEIGHTINGS },
  { flag: "--before <n>", field: "before", description: "steps that lead to an intervention", parse: wholeNumber(0) },
  { flag: "--lag <n>", field: "lag", description: "steps of an intervention left out at first", parse: wholeNumber(0) },
  {
    flag: "--reaction-delay <s>",
    field: "operator.reactionDelay",
    description: "operator: from noticing to acting",
    parse: number,
  },
  {
    flag: "--lapse-rate <x>",
    field: "operator.lapseRate",
    description: "operator: lapses of attention per s",
    parse: number,
  },
  { flag: "--lapse-duration <s>", field: "operator.lapseDuration", description: "operator: of a lapse", parse: number },
  {
    flag: "--least-control <s>",
    field: "operator.leastControl",
    description: "operator: drives at least",
    parse: number,
  },
  {
    flag: "--calm <s>",
    field: "operator.calm",
    description: "operator: without danger before handing back",
    parse: number,
  },
  {
    flag: "--foresight <kind>",
    field: "foresight",
    description: "operator: fork:HORIZON,RESCUE,EVERY or stall:PATIENCE,LEAST (s, steps)",
    parse: foresight,
  },
  {
    flag: "--gate-rule <kind>",
    field: "gate.rule",
    description: "gates: thresholds from the policy's successes, or from all of its readings",
    choices: GATE_RULES,
  },
  {
    flag: "--gate-alpha <x>",
    field: "gate.alpha",
    description: "gates: share of successes, or of readings, above the threshold",
    parse: number,
  },
  {
    flag: "--trials <n>",
    field: "gate.trials",
    description: "gates: episodes of the policy alone before a round",
    parse: wholeNumber(1),
  },
  { flag: "--members <n>", field: "gate.members", description: "gates: of an ensemble", parse: wholeNumber(2) },
  { flag: "--samples <n>", field: "gate.samples", description: "stac: chunks drawn", parse: wholeNumber(2) },
  { flag: "--window <n>", field: "gate.window", description: "stac: plans added up", parse: wholeNumber(1) },
  {
    flag: "--patience <n>",
    field: "gate.patience",
    description: "gates: readings in a row that make an alarm",
    parse: wholeNumber(1),
  },
  { flag: "--dwell <n>", field: "gate.dwell", description: "gates: steps of an alarm at least", parse: wholeNumber(1) },
  {
    flag: "--gate-updates <n>",
    field: "gate.updates",
    description: "gates: of each model beside the policy",
    parse: wholeNumber(1),
  },
  {
    flag: "--start <from>",
    field: "start",
    description: "where the training of a round begins",
    choices: ["scratch", "warm"],
  },
  {
    flag: "--selection <n>",
    field: "selection",
    description: "episodes that choose the best round",
    parse: wholeNumber(1),
  },
  {
    flag: "--seed <n>",
    field: "seed",
    description: "of episodes, parameters, batches and noise",
    parse: wholeNumber(0),
  },
  {
    flag: "--normalise-observation <kind>",
    field: "learning.normaliseObservation",
    description: "how",
    choices: NORMALISATIONS,
  },
];

/** Of cloning, what an online run has otherwise or not at all. */
const OTHERWISE = [
  "seed",
  "observation",
  "normalisation.observation",
  "normalisation.action",
  "weighting",
  "validationFraction",
  "splitSeed",
];

/** In the order of the help. */
export const ONLINE_FLAGS: readonly RecipeFlag[] = [
  ...OWN,
  ...RECIPE_FLAGS.filter(({ field }) => !OTHERWISE.includes(field)).map((flag) => ({
    ...flag,
    field: `learning.${flag.field}`,
  })),
];
