import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addRecipeFlags, RECIPE_FLAGS, recipeOfFlags } from "../../src/cli/recipe-flags.ts";
import { type RecipePart, recipeJsonSchema, recipeOver } from "../../src/recipes/index.ts";
import { leavesOf } from "./schema-leaves.ts";

/** Not chosen by a flag: what the file is, and what is learned from, which are arguments. */
const WITHOUT_FLAG = ["kind", "version", "datasets", "task"];
const leaves = leavesOf(recipeJsonSchema()).filter((path) => !WITHOUT_FLAG.includes(path.split(".")[0]));

/** What is written behind the flag of each field, and what the recipe then holds. */
const EXAMPLES: Readonly<Record<string, readonly [text: string | null, value: unknown]>> = {
  "policy.head.kind": ["flow", "flow"],
  updates: ["17", 17],
  seed: ["0", 0],
  batchSize: ["8", 8],
  learningRate: ["3e-4", 3e-4],
  schedule: ["constant", "constant"],
  warmup: ["0", 0],
  beta1: ["0.95", 0.95],
  beta2: [".99", 0.99],
  weightDecay: ["1e-6", 1e-6],
  clipNorm: ["0", 0],
  averaging: ["0.75", 0.75],
  observation: ["motion, lidar.0", ["motion", "lidar.0"]],
  "horizons.observationHorizon": ["2", 2],
  "horizons.predictionHorizon": ["16", 16],
  "horizons.actionHorizon": ["8", 8],
  "normalisation.observation": ["standard", "standard"],
  "normalisation.action": ["quantile", "quantile"],
  weighting: ["sirius", "sirius"],
  padding: ["mask", "mask"],
  validationFraction: ["0.02", 0.02],
  splitSeed: ["3", 3],
  "policy.encoder.kind": ["transformer", "transformer"],
  "policy.encoder.size": ["64", 64],
  "policy.encoder.layers": ["2", 2],
  "policy.encoder.heads": ["4", 4],
  "policy.network.kind": ["u-net", "u-net"],
  "policy.network.hidden": ["256, 128", [256, 128]],
  "policy.network.residual": [null, true],
  "policy.network.widths": ["32,64,128", [32, 64, 128]],
  "policy.network.kernel": ["5", 5],
  "policy.network.time": ["32", 32],
  "policy.head.delta": ["0.5", 0.5],
  "policy.head.minimumDeviation": ["1e-4", 1e-4],
  "policy.head.modes": ["5", 5],
  "policy.head.bins": ["256", 256],
  "policy.head.binning": ["quantile", "quantile"],
  "policy.head.order": ["steering,acceleration", ["steering", "acceleration"]],
  "policy.head.temperature": ["0", 0],
  "policy.head.steps": ["50", 50],
  "policy.head.prediction": ["v", "v"],
  "policy.head.sampler": ["ddpm", "ddpm"],
  "policy.head.samplingSteps": ["8", 8],
  "policy.head.levels": ["uniform", "uniform"],
  "policy.head.sampling": ["deterministic", "deterministic"],
};

/** The part of a recipe that these arguments choose. */
function partOf(...args: string[]): RecipePart {
  const command = addRecipeFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return recipeOfFlags(command.parse(args, { from: "user" }).opts());
}

/** `{ a: { b: value } }` for "a.b". */
const nested = (path: string, value: unknown): RecipePart =>
  path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as RecipePart;

const argumentsFor = (field: string): string[] => {
  const { flag } = RECIPE_FLAGS.find((one) => one.field === field)!;
  const [text] = EXAMPLES[field];
  return [flag.split(" ")[0], ...(text === null ? [] : [text])];
};

describe("the flags of a recipe", () => {
  it("are one for every field that a recipe can have, and none besides", () => {
    const fields = RECIPE_FLAGS.map(({ field }) => field);
    expect([...fields].sort()).toEqual([...leaves].sort());
    expect(new Set(fields).size).toBe(fields.length);
    expect(Object.keys(EXAMPLES).sort()).toEqual([...fields].sort());
  });

  it.each(leaves)("choose their field and nothing else: %s", (field) => {
    expect(partOf(...argumentsFor(field))).toEqual(nested(field, EXAMPLES[field][1]));
  });

  it("choose nothing where there are none, and all fields where there are all", () => {
    expect(partOf()).toEqual({});
    const all = leaves.reduce<RecipePart>((part, field) => recipeOver(part, nested(field, EXAMPLES[field][1])), {});
    expect(partOf(...leaves.flatMap(argumentsFor))).toEqual(all);
  });

  it("stand over the fields of a file, one by one", () => {
    const file = { updates: 10, horizons: { observationHorizon: 1, actionHorizon: 4 }, observation: ["a", "b"] };
    const flags = partOf("--action-horizon", "8", "--observation", "c");
    expect(recipeOver(file, flags)).toEqual({
      updates: 10,
      horizons: { observationHorizon: 1, actionHorizon: 8 },
      observation: ["c"],
    });
  });

  it.each([
    [["--head", "difusion"], /Allowed choices are l2, .*, flow; did you mean "diffusion"\?/],
    [["--sampler", "dddim"], /Allowed choices are ddim, ddpm; did you mean "ddim"\?/],
    [["--head", "transformer"], /Allowed choices are l2, .*, flow\.$/],
    [["--learning-rate", "fast"], /found "fast", expected a number/],
    [["--learning-rate", ""], /found "", expected a number/],
    [["--beta1", "Infinity"], /found "Infinity", expected a number/],
    [["--hidden", "64,,64"], /found "", expected a whole number from 1/],
    [["--observation", ""], /found "", expected names with commas between them/],
    [["--observation", "a,,b"], /found "a,,b", expected names with commas between them/],
    [["--noise-levels", "1"], /found "1", expected a whole number from 2/],
    [["--modse", "3"], /unknown option '--modse'.*--modes/s],
  ])("refuse what they cannot take: %j", (args, words) => {
    expect(() => partOf(...args)).toThrow(words);
  });
});
