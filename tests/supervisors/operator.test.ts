import { describe, expect, it } from "vitest";
import { type SupervisionOptions, supervise } from "../../src/rollouts/index.ts";
import { type Foresight, type OperatorOptions, operatorModel } from "../../src/supervisors/index.ts";
import type { Actor, Episode } from "../../src/world/index.ts";
import { lineExpert, linePlanner, lineWorld } from "../rollouts/line.ts";

/** Danger in these steps, whoever drives; and in which steps it looked. */
function dangerIn(isDanger: (step: number) => boolean, looked: number[] = []): Foresight {
  return {
    reset() {},
    isDanger({ step }) {
      looked.push(step);
      return isDanger(step);
    },
  };
}

const within = (from: number, to: number) => (step: number) => step >= from && step <= to;

async function run(
  foresight: Foresight,
  options: Partial<OperatorOptions>,
  more: { length?: number; seed?: number; expert?: Actor; gate?: SupervisionOptions["gate"] } = {},
): Promise<Episode> {
  const { length = 40, seed = 1, expert = lineExpert(), gate } = more;
  const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 8, actionHorizon: 8 });
  const makeSupervisor = () => operatorModel(expert, foresight, options);
  const makeWorld = () => lineWorld({ length, maxSteps: length + 1 });
  const [episode] = await supervise(makeWorld, planner, [seed], { makeSupervisor, gate });
  return episode;
}

/** The steps that the expert drove, from first to last of each stretch. */
function stretches({ controller }: Episode): number[][] {
  const found: number[][] = [];
  controller.forEach((who, step) => {
    if (who !== "expert") return;
    if (step > 0 && controller[step - 1] === "expert") found[found.length - 1][1] = step;
    else found.push([step, step]);
  });
  return found;
}

describe("the model of an operator", () => {
  // At 10 Hz. It notices danger in its first step, acts after the delay, drives for the least time and until it was calm.
  it.each<[string, Partial<OperatorOptions>, (step: number) => boolean, number[][]]>([
    ["acts at once without a delay", { reactionDelay: 0, leastControl: 0, calm: 0 }, within(5, 8), [[5, 8]]],
    ["acts after its delay", { reactionDelay: 0.3, leastControl: 0, calm: 0 }, within(5, 12), [[8, 12]]],
    [
      "acts also where the danger is over by then",
      { reactionDelay: 0.5, leastControl: 0.2, calm: 0 },
      within(5, 6),
      [[10, 11]],
    ],
    ["drives for the least time", { reactionDelay: 0.3, leastControl: 1, calm: 0 }, within(5, 9), [[8, 17]]],
    // Danger last in step 15; 0.5 s after that is step 20.
    ["hands back when it has been calm", { reactionDelay: 0.3, leastControl: 1, calm: 0.5 }, within(5, 15), [[8, 19]]],
    [
      "notices anew after handing back",
      { reactionDelay: 0.2, leastControl: 0.3, calm: 0 },
      (step) => step === 4 || step === 20,
      [
        [6, 8],
        [22, 24],
      ],
    ],
    ["by default reacts in a quarter of a second and stays for one", {}, within(5, 5), [[8, 17]]],
  ])("%s", async (_, options, isDanger, expected) => {
    expect(stretches(await run(dangerIn(isDanger), options))).toEqual(expected);
  });

  it("reacts after the same number of steps wherever danger begins", async () => {
    for (let from = 0; from < 30; from++) {
      const episode = await run(dangerIn(within(from, 40)), { reactionDelay: 0.3 });
      expect(stretches(episode)).toEqual([[from + 3, 39]]);
    }
  });

  it("labels what it drives and nothing else, and asks its expert once in a step", async () => {
    let asked = 0;
    const expert = lineExpert();
    const counting: Actor = {
      ...expert,
      act(observation) {
        asked += 1;
        return expert.act(observation);
      },
    };
    const episode = await run(
      dangerIn(within(5, 12)),
      { reactionDelay: 0, leastControl: 0, calm: 0 },
      { expert: counting },
    );
    episode.controller.forEach((who, step) => {
      expect(Number.isNaN(episode.label![2 * step])).toBe(who === "policy");
    });
    // Steps 5 to 12, and step 13, in which it sees that there is no danger any more.
    expect(asked).toBe(9);
  });

  it("takes a gate's alarm for danger, and does not hand back while it lasts", async () => {
    const gate: SupervisionOptions["gate"] = {
      reads: "step",
      rule: { thresholds: { danger: 0 } },
      score: {
        name: "clock",
        readings: ["danger"],
        asksExpert: "never",
        start() {},
        read: ({ steps }) => Float32Array.from(steps, (step) => (within(5, 20)(step) ? 1 : 0)),
      },
    };
    const options = { reactionDelay: 0.2, leastControl: 0.1, calm: 0 };
    expect(
      stretches(
        await run(
          dangerIn(() => false),
          options,
          { gate },
        ),
      ),
    ).toEqual([[7, 20]]);
  });

  it("looks for the share of time that its lapses leave", async () => {
    // In each step of looking a lapse of 20 steps begins with p = 1 - exp(-0.5 * 0.1), that step its first: after
    // (1 - p) / p = 19.5 steps of looking on average, hence a share of 19.5 / 39.5 = 0.494. About 1000 lapses.
    const [rate, duration, length] = [0.5, 2, 40_000];
    const looked: number[] = [];
    await run(
      dangerIn(() => false, looked),
      { lapseRate: rate, lapseDuration: duration },
      { length },
    );
    const p = 1 - Math.exp(-rate / 10);
    const expected = (1 - p) / p / ((1 - p) / p + 10 * duration);
    expect(Math.abs(looked.length / length - expected)).toBeLessThan(0.04);
    // A lapse is whole: whoever looks away does so for 20 steps, or for several times 20 where one follows on another.
    const gaps = new Set(looked.slice(1).map((step, i) => step - looked[i] - 1));
    for (const gap of gaps) expect(gap % 20).toBe(0);
  });

  it("notices nothing in a lapse, and what is still there after it", async () => {
    const late = await Promise.all(
      Array.from({ length: 200 }, async (_, seed) => {
        const options = { reactionDelay: 0, lapseRate: 0.5, lapseDuration: 1 };
        return stretches(await run(dangerIn(within(20, 60)), options, { seed, length: 60 }))[0]?.[0] ?? 60;
      }),
    );
    // Whoever looks in step 20 acts in it; a lapse that hides it ends 1 to 10 steps later, unless another follows.
    expect(Math.min(...late)).toBe(20);
    const share = late.filter((step) => step > 20).length / late.length;
    // A share of 10 / (19.5 + 10) = 0.34 of the time is lapses; three standard errors of 200 are 0.1.
    expect(Math.abs(share - 0.34)).toBeLessThan(0.1);
  });

  it("is not worn out by driving: a lapse comes of looking, not of the time at the wheel", async () => {
    // 20 s at the wheel with a lapse every 20 s of looking: were they counted as looking, the first step after handing
    // back would begin one in 63 of 100 episodes instead of 0.5 of 100.
    const missed = await Promise.all(
      Array.from({ length: 60 }, async (_, seed) => {
        const looked: number[] = [];
        const options = { reactionDelay: 0, leastControl: 20, calm: 0, lapseRate: 0.05 };
        const episode = await run(
          dangerIn((step) => step === 0, looked),
          options,
          { seed, length: 210 },
        );
        const handedBack = episode.controller.indexOf("policy");
        return handedBack === 200 && looked.filter((step) => step > 200)[0] === 201 ? 0 : 1;
      }),
    );
    expect(missed.reduce<number>((sum, one) => sum + one, 0)).toBeLessThan(6);
  });

  it("goes the same way under the same seed", async () => {
    const options = { lapseRate: 0.5, reactionDelay: 0.1 };
    const foresight = () => dangerIn((step) => step % 17 < 3);
    expect(await run(foresight(), options, { seed: 7 })).toEqual(await run(foresight(), options, { seed: 7 }));
  });

  it("refuses negative numbers", () => {
    expect(() =>
      operatorModel(
        lineExpert(),
        dangerIn(() => false),
        { calm: -1 },
      ),
    ).toThrow("operator: calm: found -1");
  });
});
