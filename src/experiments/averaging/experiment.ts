/** averaging: what becomes of contradictory demonstrations under each action head, on driving. */
import type { Rate } from "../../base/index.ts";
import { type DrivingWorld, drivingWorld } from "../../environments/index.ts";
import { drivingExpert } from "../../experts/index.ts";
import { exportPolicy, openPolicy } from "../../policies/index.ts";
import { experimentReport, type Picture, type ResultTable, ratesPicture, scenesOf } from "../../reports/index.ts";
import { rolloutMany } from "../../rollouts/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { siblingModule } from "../../workers/index.ts";
import { episodeSeeds } from "../../world/index.ts";
import { pooledRate, type ResultRow, runReported } from "../cells.ts";
import type { Experiment, ExperimentOptions } from "../experiment.ts";
import { clone, demonstrate, stepOfObstacle } from "./cell.ts";
import {
  type AveragingScene,
  type AveragingStyle,
  type Cell,
  DEMONSTRATIONS,
  EPISODES,
  EVALUATION_SEED,
  METHODS,
  type Method,
  SCENES,
  SEEDS,
  STYLES,
} from "./settings.ts";

export const averaging: Experiment = {
  name: "averaging",
  description: "driving: one style of demonstrations against two that contradict each other, seven action heads",
  run(options) {
    const request = { ...options, cells: allCells(), module: siblingModule(import.meta.url, "cell") };
    return runReported<Cell>(request, (rows) => drawReport(rows, options));
  },
};

function allCells(): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  const shared = { demonstrations: DEMONSTRATIONS, episodes: EPISODES, evaluationSeed: EVALUATION_SEED };
  for (const scene of SCENES) {
    for (const seed of SEEDS) {
      for (const style of Object.keys(STYLES) as AveragingStyle[]) {
        for (const method of METHODS) {
          // the wide network is asked whether it closes the gap of the mixed demonstrations
          if (method === "l2-wide" && (style === "one" || scene === "leisurely")) continue;
          cells.set(`${scene}/${seed}/${style}/${method}`, { style, scene, method, seed, ...shared });
        }
      }
    }
  }
  return cells;
}

/** What a method came to in one condition, over its training seeds. */
interface Pooled {
  readonly method: Method;
  readonly style: AveragingStyle;
  readonly scene: AveragingScene;
  readonly seeds: number;
  readonly success: Rate;
  readonly obstacle: Rate;
  readonly left: Rate;
  readonly perSeed: readonly number[];
}

/** Sums over the training seeds of each condition that has any; in the order of scenes, styles and methods. */
export function pooled(rows: readonly ResultRow[]): Pooled[] {
  const conditions = SCENES.flatMap((scene) =>
    (Object.keys(STYLES) as AveragingStyle[]).flatMap((style) => METHODS.map((method) => ({ scene, style, method }))),
  );
  return conditions.flatMap(({ scene, style, method }) => {
    const own = rows.filter((row) => row.scene === scene && row.style === style && row.method === method);
    if (own.length === 0) return [];
    const sum = (name: string) => pooledRate(own.map((row) => row[name] as unknown as Rate));
    const perSeed = own.map((row) => (row.success as unknown as Rate).rate);
    const rates = { success: sum("success"), obstacle: sum("obstacleCollision"), left: sum("left") };
    return [{ method, style, scene, seeds: own.length, perSeed, ...rates }];
  });
}

async function drawReport(
  rows: readonly ResultRow[],
  { command, onNote, figures = true }: ExperimentOptions,
): Promise<string> {
  const results = pooled(rows);
  const title = (style: AveragingStyle) => (style === "one" ? "one style" : "two styles, half each");
  return experimentReport({
    title: "Averaging contradictory demonstrations",
    summary:
      "A crate blocks the lane. Experts pass it on the left (one style), or half of them on the left and half on the right (two styles). A policy plans 0.4 s and drives 0.2 s of it.",
    command,
    sections: [
      ...SCENES.map((scene) => ({
        heading: scene === "urgent" ? "Urgent: the crate falls less than 1 s ahead" : "Leisurely: in sight for 5 s",
        pictures: results.some((one) => one.scene === scene)
          ? [
              ratesPicture({
                xLabel: "success",
                caption: `Success over ${EPISODES} episodes for each training seed, with 95 % Wilson intervals.`,
                rows: results
                  .filter((one) => one.scene === scene)
                  .map(({ method, style, success }) => ({ label: method, group: title(style), rate: success })),
              }),
            ]
          : [],
        tables: [tableOf(results.filter((one) => one.scene === scene))],
      })),
      { heading: "Why", pictures: figures ? await explain(onNote) : [] },
    ],
    notes: [
      "A scripted expert stands in for a person.",
      "Settings were chosen on training seed 0 and other episodes than those reported.",
      "The episodes of a cell are independent, its training seeds are three: the interval over all of them does not hold the variation between trainings, which the column of seeds shows.",
    ],
  });
}

function tableOf(results: readonly Pooled[]): ResultTable {
  return {
    columns: [
      "method",
      "demonstrations",
      "success",
      "hit the obstacle",
      "passed left",
      "success of each training seed",
    ],
    rows: results.map(({ method, style, success, obstacle, left, perSeed }) => [
      method,
      style === "one" ? "one style" : "two styles",
      success,
      obstacle,
      left,
      perSeed.map((rate) => rate.toFixed(3)).join(", "),
    ]),
  };
}

/** Methods whose plans are drawn over the moment at which the crate has just fallen. */
const EXPLAINED = ["l2", "gmm", "diffusion"] as const satisfies readonly Method[];

/** The actions demonstrated, the mean predicted, the samples drawn; of policies trained anew on training seed 1. */
async function explain(onNote: ExperimentOptions["onNote"]): Promise<Picture[]> {
  const shared = { style: "mixed", scene: "urgent", seed: 1, episodes: EPISODES } as const;
  const cell = { ...shared, demonstrations: DEMONSTRATIONS, evaluationSeed: EVALUATION_SEED };
  const demonstrations = await demonstrate({ ...cell, method: "l2" });
  const pictures: Picture[] = [];
  for (const method of EXPLAINED) {
    onNote?.(`figure: ${method}`);
    const policy = await clone({ ...cell, method }, demonstrations);
    pictures.push(await drawDecision(exportPolicy(policy), method));
  }
  return pictures;
}

/** What a policy plans, and the experts would do, at the moment when the crate has just fallen. */
export async function drawDecision(policy: Uint8Array, name: string): Promise<Picture> {
  const makeEnvironment = () => drivingWorld({ scenario: "urgent" });
  const actor = await openPolicy(nodeRuntime({ threads: 1 }), policy, name);
  try {
    const [seed] = episodeSeeds("evaluation", EVALUATION_SEED, 1);
    const [episode] = await rolloutMany(makeEnvironment, actor, [seed]);
    const { actionHorizon } = actor.horizons;
    const planned = Math.ceil(stepOfObstacle(episode, makeEnvironment()) / actionHorizon) * actionHorizon;
    const [picture] = await scenesOf({
      makeEnvironment,
      actor,
      seeds: [seed],
      samples: 30,
      experts: STYLES.mixed.map((style) => (world) => drivingExpert(world as DrivingWorld, style)),
      moments: [Math.min(planned, episode.length - 1) / (episode.length - 1)],
    });
    return { ...picture, caption: `${name}: ${picture.caption}` };
  } finally {
    await actor.close();
  }
}
