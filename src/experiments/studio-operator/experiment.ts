/** studio-operator: what a person at the keyboard makes of a policy in the studio, simulated on the studio's own code. */
import { join, resolve } from "node:path";
import {
  type ExperimentSection,
  experimentReport,
  figureFile,
  type Picture,
  type Score,
  scoresPicture,
} from "../../reports/index.ts";
import { writeFileAtomic } from "../../runs/node.ts";
import { siblingModule } from "../../workers/index.ts";
import { type ResultRow, runReported } from "../cells.ts";
import type { Experiment, ExperimentOptions } from "../experiment.ts";
import { handsOf, type Line, summaryOf, tableRow, trainingsOf, type VersionLine } from "./rows.ts";
import { type Cell, COURSES, type Course, EPISODES, EVALUATION_SEED, OPERATOR, PLANS, SEEDS } from "./settings.ts";

/** Folder of what the cells keep of versions that are there: not committed. */
const RUNS = "runs/studio-operator";
/** The curves, for README. */
const FIGURE = "curves.svg";

export const studioOperator: Experiment = {
  name: "studio-operator",
  description:
    "the studio without its screen: a simulated person at the keyboard demonstrates, watches, takes over, rewinds and retrains",
  run(options) {
    const request = { ...options, cells: allCells(), module: siblingModule(import.meta.url, "cell") };
    return runReported<Cell>(request, async (rows) => {
      const lines = rows as unknown as readonly Line[];
      const pictures = COURSES.flatMap((course) => curvesOf(trainingsOf(lines, course), course));
      if (pictures.length > 0) {
        const title = "Success of the policy by interventions and by minutes of a simulated person at the keyboard";
        await writeFileAtomic(join(options.out, FIGURE), figureFile(pictures, title));
      }
      return drawReport(rows, options);
    });
  },
};

function allCells(): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  const shared = { episodes: EPISODES, evaluationSeed: EVALUATION_SEED };
  for (const course of COURSES) cells.set(`hands/${course}`, { kind: "hands", course, seed: 0, run: null, ...shared });
  for (const course of COURSES) {
    for (const seed of SEEDS) {
      const run = resolve(RUNS, `${course}-${seed}`);
      cells.set(`studio/${course}/${seed}`, { kind: "studio", course, seed, run, ...shared });
    }
  }
  return cells;
}

const LEGEND = (seed: number) => `seed ${seed}`;

function curvesOf(trainings: readonly (readonly VersionLine[])[], course: Course): Picture[] {
  if (trainings.length === 0) return [];
  const draw = (xLabel: string, x: (line: VersionLine) => number) =>
    scoresPicture({
      series: trainings.map((lines) => ({
        name: LEGEND(lines[0].seed),
        scores: lines.map((line): Score => ({ x: x(line), rate: line.success })),
      })),
      xLabel: `${PLANS[course].task}: ${xLabel}`,
      yLabel: "success of the policy alone",
      caption: `Each point is a version on the same ${EPISODES} episodes, with its 95 % Wilson interval.`,
    });
  return [
    draw("interventions so far", ({ interventions }) => interventions),
    draw("minutes at the studio so far", ({ minutes }) => minutes),
  ];
}

const COLUMNS = [
  "version",
  "interventions",
  "rewinds",
  "minutes",
  "steps at the keys",
  "success",
  "success of each seed",
];

function drawReport(rows: readonly ResultRow[], { command }: ExperimentOptions): string {
  const lines = rows as unknown as readonly Line[];
  const sections = COURSES.flatMap((course): ExperimentSection[] => {
    const trainings = trainingsOf(lines, course);
    const hands = handsOf(lines, course);
    const { task, styles, head, updates, demonstrations, horizon } = PLANS[course];
    return [
      {
        heading: task,
        text: [
          `${demonstrations} demonstrations at the keyboard, style ${styles.join(" or ")}; head ${head}, ${updates} updates a version. The operator calls it a danger when going on so for ${horizon} s could not be saved.`,
          ...(hands
            ? [
                `The same hands alone succeed in ${(100 * hands.success.rate).toFixed(1)} % of the episodes [${(100 * hands.success.low).toFixed(1)}, ${(100 * hands.success.high).toFixed(1)}].`,
              ]
            : []),
        ],
        tables: trainings.length > 0 ? [{ columns: COLUMNS, rows: summaryOf(trainings).map(tableRow) }] : [],
        pictures: curvesOf(trainings, course),
      },
    ];
  });
  return experimentReport({
    title: "A person at the keyboard, simulated",
    summary:
      "The studio's own loop, without a screen and in simulated time: the live session, the ramp of the page's keys, the recipe of the studio's server. A model of a person demonstrates, watches, takes over, rewinds and retrains.",
    command,
    sections,
    notes: [
      `The person is a model: it reacts ${OPERATOR.reactionDelay} s after it saw a danger, never looks away, and knows by a fork of the world what can still be saved. Its hands hold, in each step, the keys that bring wheel and pedals nearest to what a scripted expert wants.`,
      "Minutes are simulated ones at the studio: demonstrating, watching, driving, rewinding, and the pause after each episode; training is not among them.",
      `Every version is judged on the evaluation episodes of seed ${EVALUATION_SEED}, which nobody drove. Settings were chosen on seeds 50 to 54 and other episodes; in traffic six rounds were planned (version 7), and three added after the reported seeds had been seen.`,
    ],
  });
}
