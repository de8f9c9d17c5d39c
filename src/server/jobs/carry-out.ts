/** What the process of a job does, from its order to the policy that is judged. */
import { join, resolve } from "node:path";
import { cloneRecorded } from "../../algorithms/index.ts";
import type { PolicySummary } from "../../protocol/index.ts";
import { firstLesson, type StudioRecipe, type StudioRun, studioLearning, studioRecipe } from "../../recipes/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { paced } from "../../training/index.ts";
import { collectDemonstrations } from "../../verbs/index.ts";
import { judgePolicy } from "./judge.ts";
import { demonstrationsIn, type Lessons, lessonsFor, sourceOf } from "./lessons.ts";
import type { FromProcess, Order, Position, ToProcess } from "./messages.ts";
import {
  DEMONSTRATIONS,
  discardUnfinished,
  listPolicies,
  policyFolder,
  publishPolicy,
  readPolicyFolder,
  rewriteSummary,
  unfinishedFolder,
} from "./policies.ts";

type Send = (message: FromProcess) => void;

/** Seed of the scripted demonstrations: none that a page or an experiment of ours drives. */
const SCRIPTED_SEED = 1000;

type Setting = Omit<ToProcess, "priority">;

export async function carryOut({ data, threads, order }: Setting, send: Send): Promise<void> {
  const tell = (position: Position) => send({ kind: "position", position });
  const summary = await madePolicy({ data, threads, order }, send, tell);
  tell({ state: "judging", policy: summary.id, rate: null, secondsLeft: null });
  const policy = readPolicyFolder(policyFolder(data, order.task, summary.id));
  const judged = { ...summary, ...(await judgePolicy(policy, { threads })) };
  await rewriteSummary(data, judged);
  send({ kind: "policy", policy: judged });
}

/** The summary of the policy that is to be judged: it is there already, or is made and published. */
async function madePolicy(
  { data, threads, order }: Setting,
  send: Send,
  tell: (position: Position) => void,
): Promise<PolicySummary> {
  if (order.kind === "judge") {
    const found = listPolicies(data, order.task).find(({ id }) => id === order.policy);
    if (!found) throw new Error(`${order.task}: there is no policy "${order.policy}" to judge`);
    return found;
  }
  const unfinished = unfinishedFolder(data, order.task);
  try {
    const lessons = order.kind === "first" ? await demonstrate(unfinished, order, tell) : await lessonsFor(data, order);
    const { episodes, scripted, sources } = lessons;
    const expertSteps = sources.reduce((sum, one) => sum + one.expertSteps, 0);
    const recipe = recipeFor(order, expertSteps);
    const { task, head, aggregation } = recipe;
    const { updates } = recipe.learning;
    tell({ state: "training", update: 0, updates, loss: null, rate: null, secondsLeft: null });
    const { policy } = await cloneRecorded(episodes, {
      ...studioLearning(recipe),
      runtime: nodeRuntime({ threads }),
      onProgress: paced(tell),
    });
    const published = await publishPolicy(unfinished, policy, {
      data,
      recipe: (folder) => runRecipe(recipe, { from: unfinished, to: folder }, lessons),
      summary: {
        task,
        head,
        created: Date.now() / 1000,
        origin: order.kind === "first" ? "scripted" : "recorded",
        weighting: aggregation.weighting,
        learned: { episodes: episodes.length, scripted, expertSteps },
        updates,
        success: null,
        gate: null,
      },
    });
    send({ kind: "policy", policy: published });
    return published;
  } catch (error) {
    await discardUnfinished(unfinished);
    throw error;
  }
}

function recipeFor(order: Exclude<Order, { kind: "judge" }>, expertSteps: number): StudioRecipe {
  if (order.kind === "train") return studioRecipe({ ...order, expertSteps });
  return studioRecipe({ task: order.task, updates: firstLesson(order.task).updates, expertSteps });
}

/** Demonstrations by the scripted expert, which stay with the policy that is made of them. */
async function demonstrate(unfinished: string, { task }: Order, tell: (position: Position) => void): Promise<Lessons> {
  const { expert, episodes: count } = firstLesson(task);
  const out = join(unfinished, DEMONSTRATIONS);
  tell({ state: "collecting" });
  await collectDemonstrations({ task, experts: [expert], episodes: count, seed: SCRIPTED_SEED, out });
  const episodes = await demonstrationsIn(out);
  return { episodes, recorded: [], scripted: episodes.length, sources: [sourceOf(out, episodes)] };
}

/** recipe.json: how the policy came about. Demonstrations that were made for it move with it, from one folder to another. */
function runRecipe(
  recipe: StudioRecipe,
  { from, to }: { from: string; to: string },
  { sources, recorded }: Lessons,
): StudioRun {
  const datasets = sources.map(({ path, expertSteps }) => ({
    path: resolve(path.startsWith(from) ? join(to, path.slice(from.length)) : path),
    weight: expertSteps,
  }));
  return { kind: "studio", version: 1, ...recipe, datasets, episodes: recorded };
}
