import { describe, expect, it } from "vitest";
import { createStore, episodeFrom, openStore } from "../../src/datasets/node.ts";
import { supervise } from "../../src/rollouts/index.ts";
import { temporaryPaths } from "../datasets/store-fixture.ts";
import { linePlanner, lineWorld } from "./line.ts";
import { countingGate, type Script, scripted } from "./scripted.ts";

describe("a supervised episode in the store", () => {
  const newPath = temporaryPaths();
  const planner = linePlanner({ observationHorizon: 2, predictionHorizon: 5, actionHorizon: 4 });
  const scripts: readonly Script[] = [
    // Taken over in the midst of a chunk, handed back, paused, taken over until the end.
    [[], [], ["takeOver"], [], ["handBack"], ["pause"], ["takeOver"], []],
    // Nobody does anything.
    [[], [], [], [], [], [], [], []],
  ];
  const record = (thresholds: Record<string, number>) =>
    supervise(() => lineWorld({ length: 8, maxSteps: 7 }), planner, [0, 1], {
      makeSupervisor: () => scripted((seed) => scripts[seed], { labels: "driving", disturbance: 0.25 }),
      gate: countingGate({ rule: { thresholds }, asksExpert: "driving" }),
      policyVersion: "round-2",
    });

  it.each([5, Number.POSITIVE_INFINITY])("comes back as it was recorded, thresholds of %d included", async (doubt) => {
    const path = newPath();
    const episodes = await record({ doubt });
    const store = await createStore(path, { spec: episodes[0].spec });
    const ids: string[] = [];
    for (const episode of episodes) ids.push(await store.writeEpisode(episode));
    const again = await openStore(path);
    for (const [i, id] of ids.entries()) {
      const found = episodeFrom(episodes[i].spec, await again.readEpisode(id));
      expect(found).toEqual(episodes[i]);
    }
    // What would be lost most easily, looked at by itself: proposals and labels that are there in some steps only.
    const [first] = episodes;
    expect(first.controller.map((who) => who[0]).join("")).toBe("ppeepee");
    expect(Number.isNaN(first.label![0])).toBe(true);
    expect(Number.isNaN(first.label![4])).toBe(false);
    expect(first.action[4]).not.toBe(first.label![4]);
    expect(first.gate!["doubt.threshold"][0]).toBe(doubt);
    expect(first).toMatchObject({ operator: "scripted", policyVersion: "round-2", truncated: true });
  });
});
