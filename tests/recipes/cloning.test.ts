import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { checkOptimizer } from "../../src/optim/index.ts";
import { cloningOptimizer, cloningRecipe, type HeadName, readCloningRecipe } from "../../src/recipes/index.ts";

const choice = { dataset: "/data/one.zarr", task: "push-t", head: "gmm", seed: 4 } as const;
const recipe = cloningRecipe(choice);
const TASKS = ["push-t", "udacity-driving", "fork"];
const HEADS: HeadName[] = ["l2", "gmm"];

describe("a cloning recipe", () => {
  it("survives JSON", () => {
    for (const task of TASKS) {
      for (const head of HEADS) {
        const made = cloningRecipe({ ...choice, task, head });
        expect(readCloningRecipe(JSON.parse(JSON.stringify(made)), "recipe.json")).toEqual(made);
      }
    }
  });

  it("takes what is chosen, and the task's defaults for the rest", () => {
    expect(recipe).toMatchObject({ dataset: "/data/one.zarr", task: "push-t", seed: 4, policy: { head: "gmm" } });
    expect(cloningRecipe({ ...choice, updates: 17 })).toEqual({ ...recipe, updates: 17 });
    expect(cloningRecipe({ ...choice, head: "l2", updates: 17 }).updates).toBe(17);
    expect(() => cloningRecipe({ ...choice, task: "chess" })).toThrow(
      'dataset /data/one.zarr: task "chess", expected push-t, udacity-driving, fork',
    );
  });

  it("makes an optimizer that can be carried out, however few the updates", () => {
    for (const updates of [1, 2, 50, 100, 101, 3000]) {
      const optimizer = cloningOptimizer({ ...recipe, updates });
      expect(() => checkOptimizer(optimizer)).not.toThrow();
    }
  });

  // Every field with a value of another kind, or outside its range.
  it.each([
    ["kind", "dagger"],
    ["version", 2],
    ["dataset", 7],
    ["task", null],
    ["policy.head", "flow"],
    ["policy.hidden", [64, -1]],
    ["policy.hidden", "64"],
    ["policy.modes", 0],
    ["horizons.observationHorizon", 0],
    ["horizons.predictionHorizon", 1.5],
    ["horizons.actionHorizon", "8"],
    ["batchSize", 0],
    ["updates", "many"],
    ["learningRate", -1],
    ["warmup", -1],
    ["weightDecay", Number.NaN],
    ["validationFraction", 1],
    ["splitSeed", 0.5],
    ["seed", -1],
  ])("names the field: %s = %j", (field, value) => {
    const damaged = JSON.parse(JSON.stringify(recipe));
    const path = field.split(".");
    const holder = path.length === 2 ? damaged[path[0]] : damaged;
    holder[path[path.length - 1]] = value;
    expect(() => readCloningRecipe(damaged, "run/recipe.json")).toThrow(InputError);
    expect(() => readCloningRecipe(damaged, "run/recipe.json")).toThrow(`run/recipe.json: ${field}`);
    delete holder[path[path.length - 1]];
    expect(() => readCloningRecipe(damaged, "run/recipe.json")).toThrow(`run/recipe.json: ${field}`);
  });

  it("names horizons that do not fit together, and what is no recipe at all", () => {
    const horizons = { observationHorizon: 2, predictionHorizon: 8, actionHorizon: 8 };
    expect(() => readCloningRecipe({ ...recipe, horizons }, "r")).toThrow("r: horizons: expected predictionHorizon of");
    for (const value of [null, 3, "recipe", [recipe]]) {
      expect(() => readCloningRecipe(value, "r")).toThrow(/^r: recipe: /);
    }
  });
});

describe("docs/algorithms/bc.md", () => {
  it("states the defaults that the code has", () => {
    const page = readFileSync(new URL("../../docs/algorithms/bc.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| ([^|]+) \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$/gm)];
    const stated = Object.fromEntries(rows.map(([, name, ...cells]) => [name, cells]));
    const made = (head: HeadName) => TASKS.map((task) => cloningRecipe({ ...choice, task, head }));
    const text = (pick: (one: typeof recipe) => unknown) => made("l2").map((one) => String(pick(one)));
    expect(stated).toEqual({
      "To / Tp / Ta": text(({ horizons: h }) =>
        [h.observationHorizon, h.predictionHorizon, h.actionHorizon].join(" / "),
      ),
      "hidden layers": text(({ policy }) => policy.hidden.join(", ")),
      "updates, l2": text(({ updates }) => updates),
      "updates, gmm": made("gmm").map(({ updates }) => String(updates)),
      "held out": text(({ validationFraction }) => validationFraction),
      "modes (gmm)": text(({ policy }) => policy.modes),
      "batch size": text(({ batchSize }) => batchSize),
      "peak learning rate": text(({ learningRate }) => learningRate),
      "warm-up updates": text(({ warmup }) => warmup),
      "weight decay": text(({ weightDecay }) => weightDecay),
    });
  });
});
