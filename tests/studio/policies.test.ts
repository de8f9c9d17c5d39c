import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accountOf,
  type Controller,
  type EpisodeSummary,
  findTask,
  newcombe,
  stripOf,
  weightsOf,
} from "../../src/browser.ts";
import { accountOfEpisodes } from "../../studio/src/policies/account.ts";
import { differenceInWords, isSignificant, rateInWords } from "../../studio/src/policies/comparison.ts";
import { progressOf } from "../../studio/src/policies/job.ts";
import { learnable, WEIGHTINGS, whyNotTrain } from "../../studio/src/policies/request.ts";
import { drivingByVersion } from "../../studio/src/policies/rounds.ts";
import { summaryOf } from "./episodes.ts";

const driving = findTask("driving").makeEnvironment().spec;

describe("the supervisor's account", () => {
  const someEpisode = fc.record({
    controller: fc.array(fc.constantFrom<Controller>("policy", "expert"), { minLength: 1, maxLength: 30 }),
    labels: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
    success: fc.boolean(),
  });

  it("says the same as the account of the core, which reads every step", () => {
    fc.assert(
      fc.property(fc.array(someEpisode, { minLength: 1, maxLength: 6 }), (some) => {
        const recorded = some.map(({ controller, labels, success }) => ({
          spec: driving,
          seed: 1,
          actor: "ada",
          length: controller.length,
          observation: {},
          action: new Float32Array(2 * controller.length),
          reward: new Float32Array(controller.length),
          time: Float64Array.from(controller, (_, step) => step / driving.controlRate),
          chunkPlace: new Int32Array(controller.length),
          controller,
          label: Float32Array.from(controller.flatMap((_, step) => (labels[step] ? [0, 0] : [Number.NaN, Number.NaN]))),
          terminated: false,
          truncated: true,
          info: { success },
        }));
        const told = some.map(({ controller, labels, success }, i) =>
          summaryOf(String(i), stripOf(controller), {
            success,
            labels: labels.slice(0, controller.length).filter(Boolean).length,
          }),
        );
        const [ours, theirs] = [accountOfEpisodes(told), accountOf(recorded, "person")];
        expect(ours).toMatchObject({
          episodes: theirs.episodes,
          steps: theirs.steps,
          expertSteps: theirs.expertSteps,
          interventions: theirs.interventions,
          labels: theirs.labels,
          successes: theirs.successes,
        });
        expect(60 * ours.attention).toBeCloseTo(theirs.attention, 9);
      }),
    );
  });

  it("counts nothing that is deleted, or that nobody watched", () => {
    const episodes = [
      summaryOf(
        "a",
        [
          ["policy", 20],
          ["expert", 10],
        ],
        { deleted: true },
      ),
      summaryOf("b", [["policy", 20]], { operator: null }),
      summaryOf("c", [
        ["policy", 20],
        ["expert", 10],
        ["policy", 10],
        ["expert", 1],
      ]),
      summaryOf("d", [["expert", 40]]),
    ];
    // one supervised success by two interventions; the demonstration is none of theirs
    expect(accountOfEpisodes(episodes)).toMatchObject({ episodes: 2, interventions: 2, successesPerIntervention: 0.5 });
    expect(accountOfEpisodes([episodes[3]]).successesPerIntervention).toBeNull();
  });
});

describe("driving by version", () => {
  const episodes: EpisodeSummary[] = [
    summaryOf(
      "a",
      [
        ["policy", 600],
        ["expert", 600],
      ],
      { policyVersions: ["driving-1"], success: false },
    ),
    summaryOf("b", [["policy", 1200]], { policyVersions: ["driving-2"] }),
    summaryOf(
      "c",
      [
        ["policy", 600],
        ["expert", 300],
        ["policy", 300],
      ],
      { policyVersions: ["driving-2"], success: null },
    ),
    summaryOf("d", [["policy", 10]], { policyVersions: ["driving-1", "driving-2"] }),
    summaryOf("e", [["policy", 10]], { policyVersions: ["driving-10"], deleted: true }),
    summaryOf("f", [["expert", 1200]]),
  ];

  it("adds up what was driven under each, in their order", () => {
    const { versions, several } = drivingByVersion(episodes);
    expect(several).toBe(1);
    // 1200 steps at 20 Hz are one minute
    expect(versions).toEqual([
      {
        version: "driving-1",
        episodes: 1,
        minutes: 1,
        autonomy: 0.5,
        interventions: 1,
        interventionsPerMinute: 1,
        successes: 0,
        judged: 1,
      },
      {
        version: "driving-2",
        episodes: 2,
        minutes: 2,
        autonomy: 0.875,
        interventions: 1,
        interventionsPerMinute: 0.5,
        successes: 1,
        judged: 1,
      },
    ]);
  });
});

describe("a comparison", () => {
  const rate = (rate: number, low: number, high: number) => ({ rate, low, high, n: 100 });

  it("claims no more than its interval holds", () => {
    const apart = newcombe(rate(0.98, 0.93, 0.995), rate(0.6, 0.5, 0.69));
    expect(isSignificant(apart)).toBe(true);
    expect(differenceInWords("driving-2", "driving-1", apart)).toMatch(
      /^driving-2 succeeds more often than driving-1 \(\+38 points, 95 % interval \+28 to \+48\)\.$/,
    );
    const back = newcombe(rate(0.6, 0.5, 0.69), rate(0.98, 0.93, 0.995));
    expect(differenceInWords("driving-1", "driving-2", back)).toMatch(
      /^driving-2 succeeds more often than driving-1 \(\+38 points, 95 % interval \+28 to \+48\)\.$/,
    );
    const alike = newcombe(rate(0.9, 0.83, 0.945), rate(0.88, 0.8, 0.93));
    expect(isSignificant(alike)).toBe(false);
    expect(differenceInWords("b", "a", alike)).toMatch(
      /^No significant difference \(\+2 points, 95 % interval −7 to \+11\): these starts cannot tell b and a apart\.$/,
    );
  });

  it("says a rate with its interval", () => expect(rateInWords(rate(0.98, 0.93, 0.995))).toBe("98 % (93 to 100)"));
});

describe("a request to train", () => {
  const episodes = [
    summaryOf("a", [["expert", 100]], { operator: "ada" }),
    summaryOf(
      "b",
      [
        ["policy", 50],
        ["expert", 20],
      ],
      { operator: "grace", labels: 23 },
    ),
    summaryOf("c", [["expert", 100]], { operator: "grace", deleted: true }),
    summaryOf("d", [["policy", 70]], { operator: null }),
  ];

  it("counts what the chosen people's episodes hold", () => {
    expect(learnable(episodes, null)).toEqual({ episodes: 3, expertSteps: 120, labels: 3, policySteps: 120 });
    expect(learnable(episodes, ["grace"])).toEqual({ episodes: 1, expertSteps: 20, labels: 3, policySteps: 50 });
  });

  it("says why there is nothing to learn", () => {
    expect(whyNotTrain(learnable(episodes, null))).toBeNull();
    expect(whyNotTrain(learnable([], null))).toContain("drive one");
    expect(whyNotTrain(learnable([episodes[3]], null))).toContain("nothing to imitate");
  });

  it("offers the weightings of the core, all of them", () => {
    const counts = { demonstration: 10, label: 1, intervention: 5, "pre-intervention": 2, policy: 20 };
    for (const { name } of WEIGHTINGS) expect(weightsOf(name, counts).intervention).toBeGreaterThan(0);
    expect(WEIGHTINGS.map(({ name }) => name)).toEqual(["expert", "iwr", "sirius"]);
  });
});

describe("a job in words", () => {
  const job = {
    id: "1",
    task: "driving",
    kind: "train",
    head: "l2",
    update: 500,
    updates: 2000,
    loss: 1,
    rate: 1,
    secondsLeft: 1,
    policy: null,
    error: null,
  } as const;
  it("knows its share while it trains", () => {
    expect(progressOf({ ...job, state: "training" })).toEqual({ words: "training", share: 0.25 });
    expect(progressOf({ ...job, state: "judging" }).share).toBeNull();
  });
});
