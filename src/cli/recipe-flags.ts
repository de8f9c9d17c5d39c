/** The flags of a recipe: one for every field, which together make the part of it that was chosen. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDocument } from "yaml";
import { WEIGHTINGS } from "../algorithms/index.ts";
import { InputError, nearestName } from "../base/index.ts";
import { NORMALISATIONS } from "../datasets/index.ts";
import { HEADS, SAMPLING } from "../policies/index.ts";
import { isRecipePart, type RecipePart } from "../recipes/index.ts";
import { wholeNumber } from "./arguments.ts";

export interface RecipeFlag {
  readonly flag: string;
  readonly field: string;
  readonly description: string;
  readonly parse?: (text: string) => unknown;
  readonly choices?: readonly string[];
}

export const number = (text: string): number => {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`found "${text}", expected a number.`);
};
const count = wholeNumber(1);
const counts = (text: string): number[] => text.split(",").map((part) => count(part.trim()));
const names = (text: string): string[] => {
  const parts = text.split(",").map((part) => part.trim());
  if (!parts.includes("")) return parts;
  throw new InvalidArgumentError(`found "${text}", expected names with commas between them.`);
};
/** One of some names; for another, the nearest is offered. */
const oneOf = (choices: readonly string[]) => (text: string) => {
  if (choices.includes(text)) return text;
  const nearest = nearestName(text, choices);
  const hint = nearest ? `; did you mean "${nearest}"?` : ".";
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}${hint}`);
};

/** In the order of the help. `tests/cli/recipe-flags.test.ts` checks that no field of a recipe is without one. */
export const RECIPE_FLAGS: readonly RecipeFlag[] = [
  { flag: "--head <head>", field: "policy.head.kind", description: "action head", choices: HEADS },
  { flag: "--updates <n>", field: "updates", description: "optimizer steps", parse: wholeNumber(2) },
  {
    flag: "--seed <n>",
    field: "seed",
    description: "seed of initial parameters, batches and noise",
    parse: wholeNumber(0),
  },
  { flag: "--batch-size <n>", field: "batchSize", description: "examples of one update", parse: count },
  { flag: "--learning-rate <x>", field: "learningRate", description: "the highest of the schedule", parse: number },
  {
    flag: "--schedule <kind>",
    field: "schedule",
    description: "of the learning rate",
    choices: ["cosine", "constant"],
  },
  { flag: "--warmup <n>", field: "warmup", description: "updates over which the rate rises", parse: wholeNumber(0) },
  { flag: "--beta1 <x>", field: "beta1", description: "AdamW's", parse: number },
  { flag: "--beta2 <x>", field: "beta2", description: "AdamW's", parse: number },
  { flag: "--weight-decay <x>", field: "weightDecay", description: "AdamW's", parse: number },
  { flag: "--clip-norm <x>", field: "clipNorm", description: "longest gradient; 0: any", parse: number },
  { flag: "--averaging <power>", field: "averaging", description: "of the parameters; 0: none", parse: number },
  {
    flag: "--observation <names>",
    field: "observation",
    description: "columns to look at, by name or its beginning",
    parse: names,
  },
  { flag: "--observation-horizon <n>", field: "horizons.observationHorizon", description: "To", parse: count },
  { flag: "--prediction-horizon <n>", field: "horizons.predictionHorizon", description: "Tp", parse: count },
  { flag: "--action-horizon <n>", field: "horizons.actionHorizon", description: "Ta", parse: count },
  {
    flag: "--normalise-observation <kind>",
    field: "normalisation.observation",
    description: "how",
    choices: NORMALISATIONS,
  },
  { flag: "--normalise-action <kind>", field: "normalisation.action", description: "how", choices: NORMALISATIONS },
  {
    flag: "--weighting <kind>",
    field: "weighting",
    description: "where a policy drove some of the steps: the expert's alone, or all of them, weighted",
    choices: WEIGHTINGS,
  },
  {
    flag: "--padding <kind>",
    field: "padding",
    description: "of chunks beyond their episode",
    choices: ["imitate", "mask"],
  },
  {
    flag: "--validation-fraction <x>",
    field: "validationFraction",
    description: "share of episodes held out",
    parse: number,
  },
  { flag: "--split-seed <n>", field: "splitSeed", description: "which are held out", parse: wholeNumber(0) },
  {
    flag: "--encoder <kind>",
    field: "policy.encoder.kind",
    description: "of the observations",
    choices: ["flatten", "gru", "transformer"],
  },
  { flag: "--encoder-size <n>", field: "policy.encoder.size", description: "gru, transformer: width", parse: count },
  {
    flag: "--encoder-layers <n>",
    field: "policy.encoder.layers",
    description: "gru, transformer: layers",
    parse: count,
  },
  {
    flag: "--encoder-heads <n>",
    field: "policy.encoder.heads",
    description: "transformer: heads of attention",
    parse: count,
  },
  {
    flag: "--network <kind>",
    field: "policy.network.kind",
    description: "from observations to the head",
    choices: ["mlp", "u-net"],
  },
  {
    flag: "--hidden <sizes>",
    field: "policy.network.hidden",
    description: "mlp: sizes of hidden layers",
    parse: counts,
  },
  { flag: "--residual", field: "policy.network.residual", description: "mlp: layers added to their input" },
  {
    flag: "--widths <sizes>",
    field: "policy.network.widths",
    description: "u-net: channels of its levels",
    parse: counts,
  },
  {
    flag: "--kernel <n>",
    field: "policy.network.kernel",
    description: "u-net: width of the convolutions",
    parse: count,
  },
  {
    flag: "--time-size <n>",
    field: "policy.network.time",
    description: "u-net: numbers for the noise level",
    parse: count,
  },
  { flag: "--delta <x>", field: "policy.head.delta", description: "huber: where the loss turns linear", parse: number },
  {
    flag: "--minimum-deviation <x>",
    field: "policy.head.minimumDeviation",
    description: "gaussian, gmm: least deviation",
    parse: number,
  },
  { flag: "--modes <n>", field: "policy.head.modes", description: "gmm: Gaussians of the mixture", parse: count },
  {
    flag: "--bins <n>",
    field: "policy.head.bins",
    description: "autoregressive: bins of a number",
    parse: wholeNumber(2),
  },
  {
    flag: "--binning <kind>",
    field: "policy.head.binning",
    description: "autoregressive",
    choices: ["uniform", "quantile"],
  },
  {
    flag: "--order <names>",
    field: "policy.head.order",
    description: "autoregressive: which dimensions come first",
    parse: names,
  },
  {
    flag: "--temperature <x>",
    field: "policy.head.temperature",
    description: "autoregressive: 0 takes the likeliest",
    parse: number,
  },
  {
    flag: "--noise-levels <n>",
    field: "policy.head.steps",
    description: "diffusion: of training",
    parse: wholeNumber(2),
  },
  {
    flag: "--prediction <kind>",
    field: "policy.head.prediction",
    description: "diffusion",
    choices: ["epsilon", "sample", "v"],
  },
  { flag: "--sampler <kind>", field: "policy.head.sampler", description: "diffusion", choices: ["ddim", "ddpm"] },
  { flag: "--sampling-steps <n>", field: "policy.head.samplingSteps", description: "diffusion, flow", parse: count },
  {
    flag: "--levels <law>",
    field: "policy.head.levels",
    description: "flow: noise levels of training",
    choices: ["beta", "uniform"],
  },
  { flag: "--sampling <kind>", field: "policy.head.sampling", description: "what evaluation draws", choices: SAMPLING },
];

/** Adds the flags to a command. */
export function addRecipeFlags(command: Command, flags: readonly RecipeFlag[] = RECIPE_FLAGS): Command {
  for (const { flag, description, parse, choices } of flags) {
    const option = new Option(flag, description);
    if (choices) option.choices(choices).argParser(oneOf(choices));
    if (parse) option.argParser(parse);
    command.addOption(option);
  }
  return command;
}

/** What commander calls the option of a flag. */
const optionName = (flag: string) => new Option(flag).attributeName();

/** The part of a recipe that parsed options choose. */
export function recipeOfFlags(
  options: Readonly<Record<string, unknown>>,
  flags: readonly RecipeFlag[] = RECIPE_FLAGS,
): RecipePart {
  const part: Record<string, unknown> = {};
  for (const { flag, field } of flags) {
    const value = options[optionName(flag)];
    if (value === undefined) continue;
    const path = field.split(".");
    let holder = part;
    for (const name of path.slice(0, -1)) {
      holder[name] ??= {};
      holder = holder[name] as Record<string, unknown>;
    }
    holder[path[path.length - 1]] = value;
  }
  return part;
}

/** The object in a recipe file, YAML or JSON. Throws an InputError with the line of what is neither. */
export async function readRecipeFile(path: string): Promise<RecipePart> {
  const text = await readFile(path, "utf8").catch(({ code }: NodeJS.ErrnoException) => {
    throw new InputError(`recipe ${path}: cannot be read (${code})`);
  });
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) {
    const kind = extname(path) === ".json" ? "JSON" : "YAML";
    throw new InputError(`recipe ${path}: not ${kind}: ${error.message.split("\n")[0]}`);
  }
  const value: unknown = document.toJS();
  if (isRecipePart(value)) return value;
  throw new InputError(`recipe ${path}: found ${JSON.stringify(value)}, expected the fields of a recipe`);
}
