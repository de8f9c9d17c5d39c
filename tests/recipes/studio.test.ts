import { describe, expect, it } from "vitest";
import {
  cloningPart,
  completeOnlineRecipe,
  completeRecipe,
  firstLesson,
  readCloningRecipe,
  STUDIO_HEADS,
  type StudioRun,
  studioHead,
  studioRecipe,
} from "../../src/recipes/index.ts";
import { expertOf, findTask } from "../../src/tasks/index.ts";

const TASKS = ["driving", "driving-urgent", "driving-leisurely", "driving-fork", "push-t"];

describe("the studio's recipes", () => {
  it.each(TASKS)("has one of every head for %s", (task) => {
    for (const head of STUDIO_HEADS) {
      const { learning, aggregation } = studioRecipe({ task, head, updates: 7, weighting: "iwr" });
      expect(learning.policy.head.kind).toBe(head);
      expect(learning.updates).toBe(7);
      expect(aggregation).toEqual({ weighting: "iwr", before: 15, lag: 0 });
    }
    expect(STUDIO_HEADS).toContain(studioHead(task));
    expect(studioRecipe({ task }).head).toBe(studioHead(task));
    const { expert, episodes } = firstLesson(task);
    expect(episodes).toBeGreaterThan(1);
    expect(() => expertOf(findTask(task), expert)).not.toThrow();
  });

  it("are the online half's, but for heads that draw: their plans overlap, so that they can be compared", () => {
    const online = completeOnlineRecipe({}, { task: "driving", expert: "left", where: "test" });
    expect(studioRecipe({ task: "driving", head: "l1" }).learning).toEqual(online.learning);
    const { horizons, updates } = studioRecipe({ task: "driving", head: "diffusion" }).learning;
    const { observationHorizon: To, predictionHorizon: Tp, actionHorizon: Ta } = horizons;
    expect(Tp - (To - 1)).toBeGreaterThan(Ta);
    expect(updates).toBe(4000);
    const updatesFor = (expertSteps: number, head?: string) =>
      studioRecipe({ task: "driving", head, expertSteps }).learning.updates;
    // more to learn takes longer, up to three times as long
    expect([100, 6000, 9000, 18_000, 60_000].map((steps) => updatesFor(steps))).toEqual([
      4000, 4000, 6000, 12_000, 12_000,
    ]);
    expect(updatesFor(60_000, "l1")).toBe(updatesFor(100, "l1"));
    expect(studioRecipe({ task: "driving", expertSteps: 60_000, updates: 5 }).learning.updates).toBe(5);
  });

  it("refuse a head that there is not", () => {
    expect(() => studioRecipe({ task: "driving", head: "l3" })).toThrow(
      'head: found "l3", expected one of diffusion, l2, l1, huber, gaussian, gmm, autoregressive, flow',
    );
  });

  it("are read by apprentice train", () => {
    const run: StudioRun = {
      kind: "studio",
      version: 1,
      ...studioRecipe({ task: "driving", head: "gmm", weighting: "sirius", seed: 3 }),
      datasets: [{ path: "data/driving/dataset", weight: 120 }],
      episodes: ["a", "b"],
    };
    const { datasets, ...part } = cloningPart(JSON.parse(JSON.stringify(run)));
    expect(datasets).toEqual(run.datasets);
    const read = [{ path: "data/driving/dataset", weight: 120, digest: null }];
    const recipe = completeRecipe({ ...part, datasets: read }, { task: "driving", where: "test" });
    const { normaliseObservation, ...learning } = run.learning;
    expect(recipe).toMatchObject({
      ...learning,
      task: "driving",
      weighting: "sirius",
      seed: 3,
      normalisation: { observation: normaliseObservation, action: "limits" },
    });
    const other = { updates: 3 };
    expect(cloningPart(other)).toBe(other);
  });
});

it("a recipe of before there was a choice imitates the expert", () => {
  const datasets = [{ path: "x", weight: 1, digest: null }];
  const { weighting, ...before } = completeRecipe({ datasets }, { task: "driving", where: "test" });
  expect(weighting).toBe("expert");
  expect(readCloningRecipe(before, "recipe.json").weighting).toBe("expert");
});
