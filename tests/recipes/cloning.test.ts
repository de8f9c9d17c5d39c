import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { checkOptimizer } from "../../src/optim/index.ts";
import { HEADS, type HeadName } from "../../src/policies/index.ts";
import {
  cloningOptimizer,
  completeRecipe,
  type RecipePart,
  readCloningRecipe,
  recipeJsonSchema,
} from "../../src/recipes/index.ts";

const TASKS = ["push-t", "udacity-driving", "fork", "cart-pole", "pendulum", "driving"];
const datasets = [{ path: "/data/one.zarr", weight: 1, digest: null }];

const make = (part: RecipePart, task = "push-t") => completeRecipe({ datasets, ...part }, { task, where: "r" });
const withHead = (kind: string, more: RecipePart = {}) => make({ policy: { head: { kind, ...more } } });
const recipe = withHead("gmm");

/** The message of an InputError. */
function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  throw new Error("expected an InputError");
}

describe("a cloning recipe", () => {
  it("survives JSON, for every task and head", () => {
    for (const task of TASKS) {
      for (const kind of HEADS) {
        const made = make({ policy: { head: { kind } } }, task);
        expect(made.policy.head.kind).toBe(kind);
        expect(readCloningRecipe(JSON.parse(JSON.stringify(made)), "recipe.json")).toEqual(made);
      }
    }
  });

  it("takes what is chosen, and the defaults of task and head for the rest", () => {
    expect(recipe).toMatchObject({ datasets, task: "push-t", seed: 0, policy: { head: { kind: "gmm", modes: 5 } } });
    expect(make({ policy: { head: { kind: "gmm" } }, updates: 17 })).toEqual({ ...recipe, updates: 17 });
    expect(withHead("gmm", { modes: 2 }).policy.head).toEqual({ ...recipe.policy.head, modes: 2 });
    expect(make({ horizons: { actionHorizon: 4 } }).horizons).toEqual({ ...recipe.horizons, actionHorizon: 4 });
    expect(make({}).policy.head.kind).toBe("diffusion");
    // a network or encoder of another kind comes with its own defaults
    expect(make({ policy: { network: { kind: "u-net", time: 16 } } }).policy.network).toEqual({
      kind: "u-net",
      widths: [32, 64, 128],
      kernel: 5,
      time: 16,
    });
    expect(make({ policy: { encoder: { kind: "gru" } } }).policy.encoder).toEqual({
      kind: "gru",
      size: 128,
      layers: 1,
    });
  });

  it("makes an optimizer that can be carried out, however few the updates", () => {
    for (const schedule of ["cosine", "constant"] as const) {
      for (const updates of [2, 50, 100, 101, 3000]) {
        const optimizer = cloningOptimizer({ ...recipe, updates, schedule, clipNorm: 1 });
        expect(() => checkOptimizer(optimizer)).not.toThrow();
        expect(optimizer.clipNorm).toBe(1);
      }
    }
    expect(cloningOptimizer({ ...recipe, averaging: 0, clipNorm: 0 })).not.toHaveProperty("ema");
  });

  // Every field with a value of another kind, or outside its range.
  it.each([
    ["kind", "dagger"],
    ["version", 1],
    ["datasets", []],
    ["datasets.0.path", 7],
    ["datasets.0.weight", 0],
    ["task", null],
    ["observation", "speed"],
    ["policy.head.kind", "transformer"],
    ["policy.head.modes", 0],
    ["policy.head.sampling", "loud"],
    ["policy.network.hidden", [64, -1]],
    ["policy.network.hidden", "64"],
    ["policy.encoder.kind", "cnn"],
    ["horizons.observationHorizon", 0],
    ["horizons.predictionHorizon", 1.5],
    ["horizons.actionHorizon", "8"],
    ["normalisation.action", "max"],
    ["padding", "zeros"],
    ["batchSize", 0],
    ["updates", "many"],
    ["updates", 1],
    ["learningRate", -1],
    ["schedule", "step"],
    ["warmup", -1],
    ["beta1", 1],
    ["weightDecay", Number.NaN],
    ["clipNorm", -1],
    ["averaging", -0.5],
    ["validationFraction", 1],
    ["splitSeed", 0.5],
    ["seed", -1],
  ])("names the field: %s = %j", (field, value) => {
    const damaged = JSON.parse(JSON.stringify(recipe));
    const path = field.split(".");
    const holder = path.slice(0, -1).reduce((part, name) => part[name], damaged);
    const name = path[path.length - 1];
    holder[name] = value;
    const shown = JSON.stringify(value);
    expect(refusal(() => readCloningRecipe(damaged, "run/recipe.json"))).toContain(`run/recipe.json: ${field}`);
    if (typeof value !== "object") {
      expect(refusal(() => readCloningRecipe(damaged, "run/recipe.json"))).toContain(`found ${shown}`);
    }
    delete holder[name];
    expect(refusal(() => readCloningRecipe(damaged, "run/recipe.json"))).toContain(`run/recipe.json: ${field}`);
  });

  it("names the nearest right field for a misspelt one, wherever it stands", () => {
    expect(refusal(() => make({ learningrate: 1 }))).toBe(
      'r: unknown field "learningrate"; did you mean "learningRate"?',
    );
    expect(refusal(() => make({ horizons: { actionHorizont: 2 } }))).toContain(
      'r: horizons: unknown field "actionHorizont"; did you mean "actionHorizon"?',
    );
    expect(refusal(() => withHead("gmm", { mode: 3 }))).toContain(
      'r: policy.head: unknown field "mode"; did you mean "modes"?',
    );
    expect(refusal(() => make({ policy: { netwrok: {} } }))).toContain('did you mean "network"?');
    expect(refusal(() => withHead("difusion"))).toContain('did you mean "diffusion"?');
    expect(refusal(() => make({ datasets: [{ path: "x", weihgt: 1 }] }))).toContain('did you mean "weight"?');
  });

  it("names horizons that do not fit together, and what is no recipe at all", () => {
    const horizons = { observationHorizon: 2, predictionHorizon: 8, actionHorizon: 8 };
    expect(refusal(() => readCloningRecipe({ ...recipe, horizons }, "r"))).toContain("expected predictionHorizon of");
    for (const value of [null, 3, "recipe", [recipe]]) {
      expect(refusal(() => readCloningRecipe(value, "r"))).toMatch(/^r: recipe: found /);
    }
  });

  it("has the JSON Schema that is published", () => {
    const published = readFileSync(new URL("../../docs/recipe.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(JSON.stringify(recipeJsonSchema()))).toEqual(JSON.parse(published));
  });
});

describe("docs/algorithms/bc.md", () => {
  it("states the defaults that the code has", () => {
    const page = readFileSync(new URL("../../docs/algorithms/bc.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| ([^|]+) ((?:\| `[^`]+` ){6})\|$/gm)];
    const stated = Object.fromEntries(
      rows.map(([, name, cells]) => [name, [...cells.matchAll(/`([^`]+)`/g)].map(([, cell]) => cell)]),
    );
    const made = (kind: HeadName) => TASKS.map((task) => make({ policy: { head: { kind } } }, task));
    const text = (kind: HeadName, pick: (one: typeof recipe) => unknown) => made(kind).map((one) => String(pick(one)));
    const hidden = ({ policy }: typeof recipe) =>
      policy.network.kind === "mlp" ? policy.network.hidden.join(", ") : "";
    expect(stated).toEqual({
      "To / Tp / Ta": text("l2", ({ horizons: h }) =>
        [h.observationHorizon, h.predictionHorizon, h.actionHorizon].join(" / "),
      ),
      "hidden layers": text("l2", hidden),
      "hidden layers, diffusion and flow": text("flow", hidden),
      updates: text("gmm", ({ updates }) => updates),
      "updates, diffusion and flow": text("diffusion", ({ updates }) => updates),
      "held out": text("l2", ({ validationFraction }) => validationFraction),
      "batch size": text("l2", ({ batchSize }) => batchSize),
      "highest learning rate": text("l2", ({ learningRate }) => learningRate),
      "warm-up updates": text("l2", ({ warmup }) => warmup),
      "weight decay": text("l2", ({ weightDecay }) => weightDecay.toFixed(6)),
    });
  });
});
