/** The first lesson: averaging in small, on the driving world, in under three minutes on two cores. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import { experimentReport, ratesPicture } from "../reports/index.ts";
import { writeFileAtomic } from "../runs/node.ts";
import { runJobs, siblingModule } from "../workers/index.ts";
import type { CellProgress, FinishedCell } from "./averaging/cell.ts";
import { drawDecision } from "./averaging/experiment.ts";
import {
  type AveragingStyle,
  type Cell,
  EVALUATION_SEED,
  type Measured,
  STYLES,
  settingsOf,
} from "./averaging/settings.ts";

export interface LessonRequest {
  /** Folder for policies and report. */
  readonly out: string;
  readonly seed: number;
  /** Demonstrations of each kind. */
  readonly demonstrations: number;
  /** Rollouts that judge each policy. */
  readonly episodes: number;
  /** Threads; each trains one policy at a time. */
  readonly workers: number;
  /** Share of the updates with which each policy is trained, above 0 to 1: less is quicker, and shows less. Default 1. */
  readonly thoroughness?: number;
  readonly onProgress?: (updates: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** A policy of the lesson. */
export interface LessonRow extends Measured {
  readonly style: AveragingStyle;
  readonly head: "l2" | "diffusion";
  readonly trainingSeconds: number;
  /** Path of its file. */
  readonly policy: string;
}

export interface Lesson {
  readonly rows: readonly LessonRow[];
  readonly report: string;
}

const HEADS = ["l2", "diffusion"] as const;

/**
 * Two kinds of demonstrations, by one style of driver and by two, and two heads learn from each: four policies, judged on
 * the same episodes. Throws an InputError for a folder that cannot be, RangeError for a thoroughness that is no share.
 */
export async function giveLesson(request: LessonRequest): Promise<Lesson> {
  const { out, seed, demonstrations, episodes, workers, thoroughness = 1, onProgress, signal } = request;
  if (!(thoroughness > 0 && thoroughness <= 1)) {
    throw new RangeError(`thoroughness: found ${thoroughness}, expected a number above 0 and at most 1`);
  }
  await mkdir(out, { recursive: true }).catch(({ message }: Error) => {
    throw new InputError(`--out ${out}: cannot be a folder: ${message}`);
  });
  // the long ones first, so that two threads end together
  const jobs = HEADS.toReversed().flatMap((method) =>
    (Object.keys(STYLES) as AveragingStyle[]).map(
      (style): Cell => ({
        style,
        scene: "urgent",
        method,
        seed,
        demonstrations,
        episodes,
        evaluationSeed: EVALUATION_SEED,
        thoroughness,
      }),
    ),
  );
  const total = jobs.reduce((sum, job) => sum + settingsOf(job).updates, 0);
  const progress = new Map<number, CellProgress>();
  const results = await runJobs<Cell, FinishedCell>({
    module: siblingModule(import.meta.url, "averaging/cell"),
    exportName: "lessonWork",
    jobs,
    workers,
    nameOf: ({ method, style }) => `${method}, ${nameOf(style)}`,
    onReport(value, index) {
      progress.set(index, value as CellProgress);
      onProgress?.(
        [...progress.values()].reduce((sum, { update }) => sum + update, 0),
        total,
      );
    },
    signal,
  });
  const rows: LessonRow[] = [];
  for (const style of Object.keys(STYLES) as AveragingStyle[]) {
    for (const head of HEADS) {
      const { rows: measured, policy } = results[jobs.findIndex((job) => job.style === style && job.method === head)];
      const file = join(out, `${style}-${head}.onnx`);
      await writeFile(file, policy);
      const [row] = measured as unknown as [Measured & { trainingSeconds: number }];
      const { success, obstacleCollision, departure, left, right, trainingSeconds } = row;
      const rates = { success, obstacleCollision, departure, left, right };
      rows.push({ style, head, ...rates, trainingSeconds, policy: file });
    }
  }
  const mixed = (head: LessonRow["head"]) =>
    results[jobs.findIndex((job) => job.style === "mixed" && job.method === head)].policy;
  const pictures = [];
  for (const head of HEADS) pictures.push(await drawDecision(mixed(head), head));
  const report = join(out, "report.html");
  await writeFileAtomic(
    report,
    experimentReport({
      title: "The first lesson: the mean of two right ways is wrong",
      summary:
        "A crate falls onto the road less than a second ahead. Experts pass it. Where all pass on the left, regression learns it; where half pass on the left and half on the right, regression learns the mean, which is the crate. A generative model learns that there are two ways, and takes one.",
      command: commandOf(request),
      sections: [
        {
          heading: "What became of them",
          pictures: [
            ratesPicture({
              xLabel: "success",
              caption: `Success over ${episodes} episodes, the same for all, with 95 % Wilson intervals.`,
              rows: rows.map(({ head, style, success }) => ({
                label: head,
                group: nameOf(style),
                rate: success,
              })),
            }),
          ],
          tables: [
            {
              columns: ["policy", "demonstrations", "success", "hit the crate", "passed left"],
              rows: rows.map(({ head, style, success, obstacleCollision, left }) => [
                head,
                nameOf(style),
                success,
                obstacleCollision,
                left,
              ]),
            },
          ],
        },
        {
          heading: "Why: what is planned when the crate has just fallen",
          text: ["Both policies learned from both styles. Experts would do one thing or the other."],
          pictures,
        },
      ],
      notes: [
        "A scripted expert stands in for a person. One training of each: `apprentice experiment averaging` has three.",
        ...(thoroughness < 1
          ? [
              `In a hurry: ${Number((100 * thoroughness).toPrecision(3))} % of the updates. The policies are not what they could be.`,
            ]
          : []),
      ],
    }),
  );
  return { rows, report };
}

const nameOf = (style: AveragingStyle) => (style === "one" ? "one style" : "two styles, half each");

/** What repeats a lesson. */
function commandOf({ seed, demonstrations, episodes, thoroughness = 1 }: LessonRequest): string {
  const quick = thoroughness < 1 ? ` --quick ${thoroughness}` : "";
  return `npx apprentice lesson --seed ${seed} --demonstrations ${demonstrations} --episodes ${episodes}${quick}`;
}
