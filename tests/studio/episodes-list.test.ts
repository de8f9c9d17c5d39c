import { describe, expect, it } from "vitest";
import { type Finding, stripOf } from "../../src/browser.ts";
import {
  byVersion,
  type EpisodeFilter,
  filterEpisodes,
  forksOf,
  NO_FILTER,
  NOBODY,
  operatorsIn,
  versionsIn,
} from "../../studio/src/episodes/filter.ts";
import { findingsByEpisode, ofTheDataset } from "../../studio/src/episodes/findings.ts";
import { describeStrip, drivenSteps, handOvers, partsOf } from "../../studio/src/episodes/strip.ts";
import { clock, counted, duration, resultOf } from "../../studio/src/episodes/words.ts";
import { summaryOf } from "./episodes.ts";

describe("a strip", () => {
  const strip = stripOf(["policy", "policy", "policy", "expert", "policy", "policy", "expert", "expert"]);

  it("is the runs of the column of controllers", () => {
    expect(strip).toEqual([
      ["policy", 3],
      ["expert", 1],
      ["policy", 2],
      ["expert", 2],
    ]);
    expect(drivenSteps(strip)).toEqual({ policy: 5, expert: 3 });
  });

  it("covers the whole without holes", () => {
    const parts = partsOf(strip);
    // 8 steps: 3/8, 1/8, 2/8, 2/8
    expect(parts.map(({ width }) => width)).toEqual([0.375, 0.125, 0.25, 0.25]);
    expect(parts.map(({ from }) => from)).toEqual([0, 0.375, 0.5, 0.75]);
    expect(partsOf([])).toEqual([]);
  });

  it("says where control changed hands", () => {
    expect(handOvers(strip)).toEqual([
      { step: 3, kind: "take-over" },
      { step: 4, kind: "hand-back" },
      { step: 6, kind: "take-over" },
    ]);
    expect(handOvers([["expert", 7]])).toEqual([]);
  });

  it("can be read aloud", () => {
    expect(describeStrip(strip)).toBe("the policy drove 63 %; the expert was in control 2 times");
    expect(describeStrip([["expert", 4]])).toBe("the expert drove all of it");
    expect(describeStrip([["policy", 4]])).toBe("the policy drove all of it");
    expect(describeStrip([])).toBe("no steps");
  });
});

describe("the list of episodes", () => {
  const episodes = [
    summaryOf("a", [["expert", 10]], { started: 1 }),
    summaryOf("b", [["policy", 10]], { started: 2, operator: null, success: false }),
    summaryOf(
      "c",
      [
        ["policy", 5],
        ["expert", 5],
      ],
      { started: 3, operator: "grace", policyVersions: ["driving-10"] },
    ),
    summaryOf("d", [["expert", 3]], { started: 4, deleted: true, success: null }),
    summaryOf(
      "e",
      [
        ["policy", 5],
        ["expert", 5],
      ],
      { started: 5, forked: { episode: "c", step: 2 }, policyVersions: ["driving-9", "driving-10"] },
    ),
  ];
  const ids = (filter: Partial<EpisodeFilter>) =>
    filterEpisodes(episodes, { ...NO_FILTER, ...filter })
      .map(({ id }) => id)
      .join("");

  it("shows what is kept, the newest first", () => expect(ids({})).toBe("ecba"));
  it("finds what was deleted", () =>
    expect([ids({ deleted: "deleted" }), ids({ deleted: "all" })]).toEqual(["d", "edcba"]));
  it("filters by who took part", () =>
    expect([ids({ operator: "ada" }), ids({ operator: "grace" }), ids({ operator: NOBODY })]).toEqual([
      "ea",
      "c",
      "b",
    ]));
  it("filters by result", () =>
    expect([
      ids({ result: "success" }),
      ids({ result: "failure" }),
      ids({ result: "unknown", deleted: "all" }),
    ]).toEqual(["eca", "b", "d"]));
  it("filters by control", () =>
    expect([ids({ control: "demonstrations" }), ids({ control: "interventions" }), ids({ control: "policy" })]).toEqual(
      ["a", "ec", "b"],
    ));
  it("filters by version", () =>
    expect([ids({ version: "driving-10" }), ids({ version: "driving-9" })]).toEqual(["ec", "e"]));
  it("knows whom and what there is to choose from", () => {
    expect(operatorsIn(episodes)).toEqual([NOBODY, "ada", "grace"]);
    expect(versionsIn(episodes)).toEqual(["driving-1", "driving-9", "driving-10"]);
    expect(["driving-10", "driving-2"].toSorted(byVersion)).toEqual(["driving-2", "driving-10"]);
  });
  it("knows the forks of each", () =>
    expect([...forksOf(episodes)].map(([id, forks]) => [id, forks.map(({ id }) => id)])).toEqual([["c", ["e"]]]));
});

describe("findings", () => {
  const finding = (file: string, episode: number | null): Finding => ({
    check: "idle",
    severity: "warning",
    file,
    episode,
    step: 3,
    name: null,
    value: 1,
    message: "stands",
  });

  it("belong to the episode that their file is of", () => {
    const findings = [
      finding("data/driving/episodes/20261126T061530-ada-3f9k2c.mcap", 4),
      finding("data/driving", null),
    ];
    expect([...findingsByEpisode(findings).keys()]).toEqual(["20261126T061530-ada-3f9k2c"]);
    expect(ofTheDataset(findings)).toEqual([findings[1]]);
  });
});

describe("numbers in words", () => {
  it("says times", () => {
    expect([0, 7.44, 59.96, 61, 600].map(clock)).toEqual(["0:00.0", "0:07.4", "1:00.0", "1:01.0", "10:00.0"]);
    expect([3.42, 59.4, 125, 120, 4320].map(duration)).toEqual(["3.4 s", "59 s", "2 min 5 s", "2 min", "1 h 12 min"]);
  });
  it("says results, and how many there are", () => {
    expect(resultOf({ success: null, interrupted: true }).word).toBe("Cut short");
    expect(resultOf({ success: false, interrupted: true }).word).toBe("Failure");
    expect([counted(1, "step"), counted(1234, "step")]).toEqual(["1 step", "1,234 steps"]);
  });
});
