import { describe, expect, it } from "vitest";
import { METHODS, recipeOf } from "../../src/experiments/dagger-driving/settings.ts";
import { completeOnlineRecipe } from "../../src/recipes/index.ts";

describe("the recipes of dagger-driving", () => {
  const wholeOf = (method: (typeof METHODS)[number]) => {
    const part = recipeOf({ method, seed: 1, delay: null, episodes: 1, run: "" });
    return completeOnlineRecipe(part, { task: "driving", expert: "left", where: method });
  };

  it("differ in who supervises, and in how labels and steps count, at one budget of the expert's steps", () => {
    for (const method of METHODS) {
      const { algorithm, episodes, labelEvery, weighting, ...same } = wholeOf(method);
      const { algorithm: _, episodes: most, labelEvery: every, weighting: weights, ...dagger } = wholeOf("dagger");
      expect(same).toEqual(dagger);
      expect([most, every, weights]).toEqual([80, 4, "expert"]);
      // four times as far apart, four times as many episodes at most
      if (algorithm === "dagger") expect(episodes).toBe(20 * labelEvery);
    }
  });
});
