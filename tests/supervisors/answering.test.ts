import { describe, expect, it } from "vitest";
import { supervise } from "../../src/rollouts/index.ts";
import { answeringSupervisor } from "../../src/supervisors/index.ts";
import { labelOf, lineExpert, linePlanner, lineWorld } from "../rollouts/line.ts";

/** Episodes at 10 Hz, one after another, where a gate alarms in the steps from `from` (of each) to before `until`. */
const run = (from: number | readonly number[], until: number, { delay = 0, length = 30, seeds = [1] } = {}) =>
  supervise(
    () => lineWorld({ length }),
    linePlanner({ observationHorizon: 1, predictionHorizon: 8, actionHorizon: 8 }),
    seeds,
    {
      together: 1,
      makeSupervisor: () => answeringSupervisor(lineExpert(), { delay }),
      gate: {
        reads: "step",
        rule: { thresholds: { danger: 0 } },
        score: {
          name: "clock",
          readings: ["danger"],
          asksExpert: "never",
          start() {},
          read: ({ steps, episodes }) =>
            Float32Array.from(steps, (step, row) => {
              const begins = typeof from === "number" ? from : from[episodes[row]];
              return step >= begins && step < until ? 1 : 0;
            }),
        },
      },
    },
  );

/** Who drives each step of one. */
async function driven(from: number, until: number, delay?: number): Promise<string> {
  const [{ controller, label, length }] = await run(from, until, { delay });
  // It labels what it drives and nothing else.
  for (let step = 0; step < length; step++) {
    expect(label === undefined || Number.isNaN(label[2 * step])).toBe(controller[step] === "policy");
  }
  return controller.map((who) => who[0]).join("");
}

const stretch = (policy: number, expert: number) => "p".repeat(policy) + "e".repeat(expert);

describe("who answers a gate", () => {
  it("drives while it asks for help", async () => {
    expect(await driven(5, 9)).toBe(stretch(5, 4) + stretch(21, 0));
    expect(await driven(0, 30)).toBe(stretch(0, 30));
  });

  it("comes late by the delay", async () => {
    expect(await driven(5, 12, 0.3)).toBe(stretch(8, 4) + stretch(18, 0));
  });

  it("comes late by the same number of steps wherever the alarm begins", async () => {
    // 0.1 s at 10 Hz is one step, also where 7/10 - 6/10 is a little less than 0.1.
    for (let from = 0; from < 25; from++) expect(await driven(from, 30, 0.1)).toBe(stretch(from + 1, 29 - from));
  });

  it("leaves an alarm unanswered that is over within the delay", async () => {
    expect(await driven(5, 7, 0.3)).toBe(stretch(30, 0));
  });

  it("knows nothing of the episode before", async () => {
    // The first ends in an alarm that began in step 20, the second begins with one.
    const late = await run([20, 0], 30, { delay: 0.3, seeds: [1, 2] });
    expect(late.map(({ controller }) => controller.indexOf("expert"))).toEqual([23, 3]);
    // Asked in step 5, the last, and then in step 5 of the next: what it says goes by what it sees there.
    for (const { label, observation } of await run(5, 6, { length: 6, seeds: [1, 2] })) {
      const position = observation.position.slice(10, 12);
      expect(label!.slice(10, 12)).toEqual(labelOf({ position, clock: Float32Array.of(5) }));
    }
  });

  it("refuses a negative delay", () => {
    expect(() => answeringSupervisor(lineExpert(), { delay: -0.1 })).toThrow("delay: found -0.1");
  });
});
