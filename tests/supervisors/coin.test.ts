import { describe, expect, it } from "vitest";
import { wilson } from "../../src/base/index.ts";
import { supervise } from "../../src/rollouts/index.ts";
import { coinSupervisor } from "../../src/supervisors/index.ts";
import { type Episode, hasLabel } from "../../src/world/index.ts";
import { labelOf, lineExpert, linePlanner, lineWorld } from "../rollouts/line.ts";

const STEPS = 40;
const seeds = Array.from({ length: 100 }, (_, seed) => seed);

function run(beta: number, every: number, options: { together?: number } = {}): Promise<Episode[]> {
  const planner = linePlanner({ observationHorizon: 1, predictionHorizon: every, actionHorizon: every });
  const makeSupervisor = () => coinSupervisor(lineExpert(), { beta, every });
  return supervise(() => lineWorld({ length: STEPS }), planner, seeds, { makeSupervisor, ...options });
}

const driven = (episodes: readonly Episode[]) =>
  episodes.map(({ controller }) => controller.map((who) => who[0]).join(""));

describe("DAgger's coin", () => {
  it.each([1, 4])("of 0 and of 1 never comes down on the other side, thrown every %i steps", async (every) => {
    expect(new Set(driven(await run(0, every)))).toEqual(new Set(["p".repeat(STEPS)]));
    expect(new Set(driven(await run(1, every)))).toEqual(new Set(["e".repeat(STEPS)]));
  });

  it.each([
    [0.3, 1],
    [0.3, 4],
    [0.85, 4],
  ])("of %d lets the expert drive as often, one decision after another apart, every %i steps", async (beta, every) => {
    const decisions = driven(await run(beta, every)).map((drives) => {
      const blocks = drives.match(new RegExp(`.{${every}}`, "g")) as string[];
      // Between two decisions nobody else takes the wheel.
      for (const block of blocks) expect(new Set(block).size).toBe(1);
      return blocks.map((block) => block[0]).join("");
    });
    const all = decisions.join("");
    const share = wilson(all.replaceAll("p", "").length, all.length);
    expect(share.low).toBeLessThanOrEqual(beta);
    expect(share.high).toBeGreaterThanOrEqual(beta);
    // Once per episode would never change hands; independent decisions do with 2 beta (1 - beta).
    const pairs = decisions.flatMap((one) => [...one.slice(1)].map((who, i) => who !== one[i]));
    const changes = wilson(pairs.filter(Boolean).length, pairs.length);
    expect(changes.low).toBeLessThanOrEqual(2 * beta * (1 - beta));
    expect(changes.high).toBeGreaterThanOrEqual(2 * beta * (1 - beta));
  });

  it("labels every state with the expert's own answer there, whoever drives", async () => {
    for (const { observation, label, action, controller, length } of await run(0.5, 4)) {
      for (let step = 0; step < length; step++) {
        const seen = Object.fromEntries(
          Object.entries(observation).map(([name, values]) => {
            const size = values.length / length;
            return [name, values.slice(step * size, (step + 1) * size)];
          }),
        );
        const [own, executed] = [label!, action].map((values) => values.slice(2 * step, 2 * step + 2));
        expect(own).toEqual(labelOf(seen));
        if (controller[step] === "expert") expect(executed).toEqual(own);
      }
    }
  });

  it.each([0, 0.5])(
    "with beta %d labels so many-th steps of the policy's alone, and all that the expert drives",
    async (beta) => {
      const makeSupervisor = () => coinSupervisor(lineExpert(), { beta, every: 2, labelEvery: 5 });
      const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 2, actionHorizon: 2 });
      const episodes = await supervise(() => lineWorld({ length: STEPS }), planner, seeds.slice(0, 20), {
        makeSupervisor,
      });
      const dense = (await run(beta, 2)).slice(0, 20);
      for (const [i, episode] of episodes.entries()) {
        const { controller, action, label, length } = episode;
        expect(controller).toEqual(dense[i].controller);
        expect(action).toEqual(dense[i].action);
        for (let step = 0; step < length; step++) {
          expect(hasLabel(episode, step)).toBe(step % 5 === 0 || controller[step] === "expert");
          if (!hasLabel(episode, step)) continue;
          expect(label?.slice(2 * step, 2 * step + 2)).toEqual(dense[i].label?.slice(2 * step, 2 * step + 2));
        }
      }
    },
  );

  it("comes down the same for the same seed, whatever runs beside it", async () => {
    expect(await run(0.4, 4, { together: 7 })).toEqual(await run(0.4, 4, { together: 1 }));
  });

  it("refuses what is no probability and no count", () => {
    expect(() => coinSupervisor(lineExpert(), { beta: 1.1, every: 1 })).toThrow("beta: found 1.1");
    expect(() => coinSupervisor(lineExpert(), { beta: Number.NaN, every: 1 })).toThrow("beta: found NaN");
    expect(() => coinSupervisor(lineExpert(), { beta: 1, every: 0 })).toThrow("every: found 0");
    expect(() => coinSupervisor(lineExpert(), { beta: 1, every: 1, labelEvery: 1.5 })).toThrow("labelEvery: found 1.5");
  });
});
