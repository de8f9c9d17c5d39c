/** push-t-human: how far 206 human demonstrations carry each head, in the task itself. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InputError, type Rate } from "../../base/index.ts";
import { experimentReport, ratesPicture } from "../../reports/index.ts";
import { siblingModule } from "../../workers/index.ts";
import { pooledRate, type ResultRow, runReported } from "../cells.ts";
import type { Experiment, ExperimentOptions } from "../experiment.ts";
import { type Cell, METHODS, SEEDS, STARTS } from "./settings.ts";

/** Where the demonstrations are looked for unless APPRENTICE_PUSH_T names them. */
const DATA = "../shared/data/pusht_human";
/** Folder of the cells' runs: not committed. */
const RUNS = "runs/push-t-human";

export const pushTHuman: Experiment = {
  name: "push-t-human",
  description:
    "Push-T from 206 human demonstrations: score and success of every head; hours of training, which go on where they were stopped",
  async run(options) {
    const data = resolve(process.env.APPRENTICE_PUSH_T ?? DATA);
    if (!(await stat(data).catch(() => null))) {
      throw new InputError(
        `${data}: not found, expected the human Push-T episodes; APPRENTICE_PUSH_T names another place`,
      );
    }
    const request = { ...options, cells: allCells(data), module: siblingModule(import.meta.url, "cell") };
    return runReported<Cell>(request, (rows) => drawReport(rows, options));
  },
};

function allCells(data: string): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const method of METHODS) {
    for (const seed of SEEDS) {
      const run = resolve(RUNS, `${method}-${seed}`);
      cells.set(`${method}/${seed}`, { method, seed, data, run, threads: 1 });
    }
  }
  return cells;
}

type Measured = { readonly rate: number; readonly low: number; readonly high: number; readonly n: number };

/** What others report of the same task, and what differs. */
const PUBLISHED = [
  ["Diffusion Policy, state (Chi et al. 2023)", "0.95", "0.91", ""],
  ["LSTM-GMM, state (the same)", "0.67", "0.61", ""],
  ["BET, state (the same)", "0.79", "0.70", ""],
  ["public diffusion checkpoint, images", "", "", "65 %"],
] as const;

function drawReport(rows: readonly ResultRow[], { command }: ExperimentOptions): string {
  const lines = rows.map((row) => ({
    method: String(row.method),
    sampling: String(row.sampling),
    seed: Number(row.seed),
    score: row.score as unknown as Measured,
    last10: row.last10 as unknown as Measured | null,
    success: row.success as unknown as Rate,
    minutes: Number(row.trainingSeconds) / 60,
  }));
  const labels = [...new Set(lines.map(({ method, sampling }) => `${method}, ${sampling}`))];
  const pooled = labels.map((label) => {
    const own = lines.filter(({ method, sampling }) => `${method}, ${sampling}` === label);
    const rate = pooledRate(own.map(({ success }) => success));
    return { label: `${label} (${own.length} of ${SEEDS.length} seeds)`, rate };
  });
  return experimentReport({
    title: "Push-T from human demonstrations",
    summary: `Policies cloned from 206 human episodes, ${STARTS} starts for each training seed.`,
    command,
    sections: [
      {
        heading: "Success: more than 95 % of the goal covered",
        pictures:
          pooled.length > 0
            ? [
                ratesPicture({
                  xLabel: "success",
                  caption: "Over all seeds, with 95 % Wilson intervals.",
                  rows: pooled,
                }),
              ]
            : [],
      },
      {
        heading: "Score: greatest coverage of an episode, of 95 % of the goal",
        tables: [
          {
            columns: ["method", "sampling", "seed", "score", "last 10 checkpoints", "success", "minutes of training"],
            rows: lines.map(({ method, sampling, seed, score, last10, success, minutes }) => [
              method,
              sampling,
              String(seed),
              score.rate.toFixed(3),
              last10 ? last10.rate.toFixed(3) : "",
              success,
              minutes.toFixed(0),
            ]),
          },
        ],
      },
      {
        heading: "What others report",
        text: [
          "The paper trained on 90 episodes, for 5000 epochs on a GPU, and reports the best and the mean of the last 10 checkpoints; the 65 % is a policy that sees images. We train on all 206 episodes, on one core.",
        ],
        tables: [
          {
            columns: ["policy", "score, best checkpoint", "score, last 10", "success"],
            rows: PUBLISHED.map((row) => [...row]),
          },
        ],
      },
    ],
    notes: ["Minutes are of one thread, on a machine that did other work too."],
  });
}
