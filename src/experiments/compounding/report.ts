/** The report of compounding. */
import type { Mean, Rate } from "../../base/index.ts";
import {
  type CurvesRequest,
  curvesPicture,
  type ExperimentSection,
  experimentReport,
  type ResultTable,
} from "../../reports/index.ts";
import type { ResultRow } from "../cells.ts";
import type { ExperimentOptions } from "../experiment.ts";
import { type CostRow, type CourseRow, pooledMeans, pooledRates, rowsOf } from "./rows.ts";
import { INEXACT_LABELS, METHODS, ROUNDS, THEORY, WORLDS, type WorldName, WRONG_LABELS } from "./settings.ts";

const WORLD_TITLES: Readonly<Record<WorldName, string>> = {
  chain: "The cliff chain",
  cliff: "The chain without a way back",
  drift: "The scalar drift",
};

export function drawReport(rows: readonly ResultRow[], { command }: Pick<ExperimentOptions, "command">): string {
  return experimentReport({
    title: "Compounding errors",
    summary:
      "A policy that was shown the expert's states alone meets its own mistakes unprepared: its cost grows with the square of the episode's length. One that was corrected in its own states pays for each mistake once: its cost grows with the length.",
    command,
    sections: [...WORLDS.flatMap((world) => worldSection(world, rows)), ...drivingSections(rows)],
    notes: [
      `Labels of the chain are wrong with probability ${WRONG_LABELS}; those of the drift are ${1000 * INEXACT_LABELS.bias} mm too large, with a normal error of ${1000 * INEXACT_LABELS.deviation} mm. The expert's own actions are right: wrong is what it says, not what it does.`,
      `BC has ${THEORY.demonstrations} of the expert's episodes of 256 steps; DAgger as many labels, in ${ROUNDS} rounds. Each cost is the mean of ${THEORY.episodes} episodes, in every step of which the policy was asked.`,
      "Closed forms take the errors that were counted of the same policy in other episodes: BC's on the expert's states, DAgger's on its own, and how often it comes back from where it fell.",
      "All methods of a training seed are played in the same episodes under the same keys: their deviations from the closed forms go together.",
      "The interval of a slope over all seeds is Student's t over three trainings; that of one training holds the variation between episodes alone. On the drift nothing is left to chance once a policy is trained.",
      "A scripted expert stands in for a person on the road. Where an episode has ended nothing is counted: late seconds of a policy that fails early are of its luckier episodes. Shares count what has failed.",
    ],
  });
}

function worldSection(world: WorldName, rows: readonly ResultRow[]): ExperimentSection[] {
  const costs = rowsOf(rows, "cost").filter((row) => row.world === world);
  if (costs.length === 0) return [];
  const series = METHODS.flatMap((method, i) => {
    const own = costs.filter((row) => row.method === method);
    if (own.length === 0) return [];
    const lengths = [...new Set(own.map(({ steps }) => steps))];
    const at = (steps: number) => own.filter((row) => row.steps === steps);
    const colour = `series-${(i + 1) as 1}` as const;
    const measured = lengths.map((x) => ({ x, ...pointOf(pooledMeans(at(x).map(({ cost }) => cost))) }));
    const formed = lengths.map((x) => ({ x, y: pooledForms(at(x))?.mean ?? Number.NaN }));
    return [
      { name: method, points: measured, colour, form: "points" as const },
      { name: `${method}, closed form`, points: formed, colour, form: "dashes" as const },
    ];
  });
  return [
    {
      heading: WORLD_TITLES[world],
      tables: [slopeTable(world, rows), costTable(costs), errorTable(world, rows)],
      pictures: [
        curvesPicture({
          series,
          xLabel: "steps of an episode, T",
          yLabel: world === "drift" ? "cost J, m" : "cost J",
          caption: "Measured cost, the mean over three trainings, and what the counted errors let expect.",
          scale: "log",
          xScale: "log",
          size: "half",
        }),
      ],
    },
  ];
}

function slopeTable(world: WorldName, rows: readonly ResultRow[]): ResultTable {
  return {
    caption: "Slope of log J over log T",
    columns: ["method", "training seed", { title: "measured", digits: 4 }, { title: "closed form", digits: 4 }],
    rows: rowsOf(rows, "slope")
      .filter((row) => row.world === world)
      .map(({ method, seed, slope, closedForm }) => [method, String(seed), slope, closedForm]),
  };
}

function costTable(costs: readonly CostRow[]): ResultTable {
  const methods = METHODS.filter((method) => costs.some((row) => row.method === method));
  const lengths = [...new Set(costs.map(({ steps }) => steps))];
  return {
    caption: "Cost of an episode, the mean over all trainings",
    columns: ["method", "steps", "measured", "closed form"],
    rows: methods.flatMap((method) =>
      lengths.map((steps) => {
        const own = costs.filter((row) => row.method === method && row.steps === steps);
        return [method, String(steps), textOf(pooledMeans(own.map(({ cost }) => cost))), textOf(pooledForms(own))];
      }),
    ),
  };
}

/** To three digits, which columns of costs from 0.01 to 10 need. */
function textOf(interval: Pick<Mean, "mean" | "low" | "high"> | null): string {
  if (!interval) return "";
  const [mean, low, high] = [interval.mean, interval.low, interval.high].map((value) => value.toPrecision(3));
  return low === high ? mean : `${mean} (${low} to ${high})`;
}

function errorTable(world: WorldName, rows: readonly ResultRow[]): ResultTable {
  const own = rowsOf(rows, "policy").filter((row) => row.world === world);
  const text = (value: unknown) => {
    if (typeof value === "number") return value.toPrecision(3);
    const { rate, low, high } = value as Rate;
    return textOf({ mean: rate, low, high });
  };
  return {
    caption: "What was counted of the policies",
    columns: [
      "method",
      "training seed",
      "error that the closed form takes",
      "error in its own states",
      world === "drift" ? "share of a deviation undone" : "right turns off the track",
    ],
    rows: own.map(({ method, seed, error, ownError, recovery, correction }) => [
      method,
      String(seed),
      text(error),
      text(ownError),
      recovery ? text(recovery) : correction === null || correction === undefined ? "" : text(correction),
    ]),
  };
}

/** The mean over trainings, all of as many episodes. */
const pooledForms = (rows: readonly CostRow[]) =>
  pooledMeans(rows.map(({ closedForm, cost: { n } }) => ({ ...closedForm, n })));

const pointOf = (mean: Mean | null) => (mean ? { y: mean.mean, low: mean.low, high: mean.high } : { y: Number.NaN });

const DRIVERS = ["bc", "dagger", "expert"] as const;

function drivingSections(rows: readonly ResultRow[]): ExperimentSection[] {
  const course = rowsOf(rows, "course");
  if (course.length === 0) return [];
  const seconds = [...new Set(course.map(({ second }) => second))].sort((a, b) => a - b);
  /** A curve of one driver, over all training seeds. */
  const curve = (name: string, method: CourseRow["method"], pick: (rows: CourseRow[]) => Mean | null) => ({
    name,
    points: seconds.map((second) => ({
      x: second + 0.5,
      ...pointOf(pick(course.filter((row) => row.method === method && row.second === second))),
    })),
  });
  const means = (field: "error" | "distance" | "expertStatesError") => (own: CourseRow[]) =>
    pooledMeans(own.map((row) => row[field]));
  const shares = (field: "failed" | "off") => (own: CourseRow[]) => {
    const share = pooledRates(own.map((row) => row[field]));
    return share && { mean: share.rate, low: share.low, high: share.high, n: share.n };
  };
  const shared: Pick<CurvesRequest, "xLabel" | "scale"> = { xLabel: "time since the start, s", scale: "linear" };
  return [
    {
      heading: "Driving",
      text: [
        "BC and DAgger have as many of the expert's steps, the same network and training. Errors are against what the expert would do in the same state, in half the range of an action; distances are to the nearest demonstrated observation, in standard deviations.",
      ],
      tables: [driveTable(rows)],
      pictures: [
        curvesPicture({
          ...shared,
          series: [
            curve("bc, own states", "bc", means("error")),
            curve("dagger, own states", "dagger", means("error")),
            curve("bc, the expert's states", "bc", means("expertStatesError")),
            curve("dagger, the expert's states", "dagger", means("expertStatesError")),
          ].filter(hasPoints),
          yLabel: "action error",
          caption: "How wrong actions are, in the states that a policy leads to and in those of the expert.",
        }),
        curvesPicture({
          ...shared,
          series: DRIVERS.map((method) => curve(method, method, means("distance"))).filter(hasPoints),
          yLabel: "distance from the demonstrations",
          caption: "How unlike what was demonstrated the states are; of episodes that are still on their way.",
        }),
        curvesPicture({
          ...shared,
          series: DRIVERS.map((method) => curve(method, method, shares("off"))).filter(hasPoints),
          yLabel: "share",
          caption:
            "Failed, or further from the demonstrations than 99 of 100 of the expert's own states of other episodes; of those that have not arrived.",
        }),
        curvesPicture({
          ...shared,
          series: DRIVERS.map((method) => curve(method, method, shares("failed"))).filter(hasPoints),
          yLabel: "share",
          caption: "Failed: touched something or left the road.",
        }),
      ],
    },
  ];
}

const hasPoints = ({ points }: { readonly points: readonly { readonly y: number }[] }): boolean =>
  points.some(({ y }) => Number.isFinite(y));

function driveTable(rows: readonly ResultRow[]): ResultTable {
  return {
    columns: ["method", "training seed", "the expert's steps", "success", "error in its own states", "in the expert's"],
    rows: rowsOf(rows, "drive").map(({ method, seed, expertSteps, success, ownError, expertStatesError }) => [
      method,
      String(seed),
      expertSteps,
      success,
      ownError,
      expertStatesError,
    ]),
  };
}
