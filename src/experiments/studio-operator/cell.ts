/** One cell: a person's hands alone, or the studio's loop from a handful of demonstrations to the last version. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cloneRecorded } from "../../algorithms/index.ts";
import { wilson } from "../../base/index.ts";
import { type DrivingWorld, drivingWorld } from "../../environments/index.ts";
import { drivingExpert } from "../../experts/index.ts";
import { exportPolicy, openPolicy } from "../../policies/index.ts";
import { studioLearning, studioRecipe } from "../../recipes/index.ts";
import { rollout } from "../../rollouts/index.ts";
import { writeFileAtomic } from "../../runs/node.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { forkForesight } from "../../supervisors/index.ts";
import { findTask, mixedExpert } from "../../tasks/index.ts";
import { evaluatePolicy } from "../../verbs/index.ts";
import type { Work, WorkContext } from "../../workers/index.ts";
import { type Episode, episodeSeeds } from "../../world/index.ts";
import { type CellRows, rateOf } from "../cells.ts";
import { outcomeOf } from "../online-cell.ts";
import { type Hands, keyboardHands } from "./hands.ts";
import { drivenIn, openStudio, type Studio } from "./loop.ts";
import { simulatedPerson } from "./person.ts";
import { type Cell, FORESIGHT, OPERATOR, PLANS, type Plan, REWINDS } from "./settings.ts";

/** Rows that a policy plans at once while it is judged. */
const BATCH = 64;

/** The work of a thread (src/workers). */
export const work = (): Work<Cell, CellRows> => ({ run: runCell });

const runCell = (cell: Cell, context: WorkContext): Promise<CellRows> =>
  cell.kind === "hands" ? judgeHands(cell, context) : runStudio(cell, context);

const planOf = ({ course, over }: Cell): Plan => ({ ...PLANS[course], ...over });

/** The hands of who drives as the plan says, in a world of theirs. */
export function handsIn(world: DrivingWorld, { task, styles }: Plan): Hands {
  return keyboardHands(world, mixedExpert(findTask(task), styles, world));
}

/** What the hands are worth where nothing but they drives. */
async function judgeHands(cell: Cell, { signal }: WorkContext): Promise<CellRows> {
  const plan = planOf(cell);
  const world = drivingWorld({ scenario: plan.scenario });
  const hands = handsIn(world, plan);
  let [successes, presses, steps] = [0, 0, 0];
  for (const seed of episodeSeeds("evaluation", cell.evaluationSeed, cell.episodes)) {
    signal.throwIfAborted();
    const episode = await rollout(world, hands, { seed });
    if (episode.info.success) successes += 1;
    steps += episode.length;
    presses += hands.presses;
  }
  return [
    {
      ...{ kind: cell.kind, course: cell.course, seed: cell.seed },
      success: rateOf(wilson(successes, cell.episodes)),
      seconds: round(steps / cell.episodes / world.spec.controlRate),
      pressesPerSecond: round((presses / steps) * world.spec.controlRate),
    },
  ];
}

const round = (value: number) => Number(value.toFixed(2));

async function runStudio(cell: Cell, { report, signal }: WorkContext): Promise<CellRows> {
  const plan = planOf(cell);
  const person = personIn(plan);
  let started = 0;
  const studio = openStudio({
    person,
    makeWorld: () => drivingWorld({ scenario: plan.scenario }),
    // The demonstration seeds of the cell's own, one after another.
    nextSeed: () => episodeSeeds("demonstrations", cell.seed, ++started)[started - 1],
  });
  try {
    return await improve(cell, studio, { turns: () => person.turns, report, signal });
  } finally {
    await studio.close();
  }
}

/** The person of a plan. */
export function personIn(plan: Plan) {
  const world = drivingWorld({ scenario: plan.scenario });
  const fork = drivingWorld({ scenario: plan.scenario });
  const expert = drivingExpert(fork, plan.styles[0]);
  return simulatedPerson({
    world,
    hands: handsIn(world, plan),
    foresight: forkForesight(world, { ...FORESIGHT, fork, expert, horizon: plan.horizon }),
    operator: { ...OPERATOR, leastControl: plan.leastControl, calm: plan.calm },
    shadow: plan.shadow,
    rewind: plan.rewind,
    rewinds: REWINDS,
  });
}

async function improve(
  cell: Cell,
  studio: Studio,
  { turns, report, signal }: Pick<WorkContext, "report" | "signal"> & { readonly turns: () => number },
): Promise<CellRows> {
  const plan = planOf(cell);
  const rows: CellRows[number][] = [];
  const shown = await studio.demonstrate(plan.demonstrations);
  const episodes: Episode[] = [...shown.episodes];
  const total = { interventions: 0, watched: 0, training: 0, seconds: shown.seconds };
  let { expertSteps, labels } = drivenIn(shown.episodes);
  for (let version = 1; ; version++) {
    signal.throwIfAborted();
    const made = await versionOf(cell, version, episodes, signal);
    total.training += made.trainingSeconds;
    rows.push({
      ...{ kind: cell.kind, course: cell.course, seed: cell.seed, version, ...made.outcome },
      ...{ demonstrations: shown.episodes.length, watchedEpisodes: total.watched, interventions: total.interventions },
      ...{ rewinds: turns(), minutes: round(total.seconds / 60), expertSteps, labels },
      trainingSeconds: Math.round(total.training),
    });
    report(rows[rows.length - 1]);
    if (version > plan.rounds) return rows;
    const planner = await openPolicy(nodeRuntime({ threads: 1 }), made.policy, `v${version}`);
    const live = { planner, version: `${plan.task}-${version}`, gate: null };
    const recorded = await studio.watch(live, ({ episodes }) => isEnough(plan, episodes));
    const driven = drivenIn(recorded.episodes);
    episodes.push(...recorded.episodes);
    total.interventions += driven.takings;
    total.watched += recorded.episodes.length;
    total.seconds += recorded.seconds;
    expertSteps += driven.expertSteps;
    labels += driven.labels;
  }
}

interface Version {
  /** The bytes of its file. */
  readonly policy: Uint8Array;
  readonly outcome: ReturnType<typeof outcomeOf>;
  readonly trainingSeconds: number;
}

/** A version, trained and judged; one that is there already is what it was: the sessions repeat themselves. */
async function versionOf(
  cell: Cell,
  version: number,
  episodes: readonly Episode[],
  signal: AbortSignal,
): Promise<Version> {
  const { run, seed, evaluationSeed } = cell;
  const plan = planOf(cell);
  const kept = run === null ? null : { file: join(run, `${version}.onnx`), facts: join(run, `${version}.json`) };
  const known = kept && (await readFile(kept.facts, "utf8").catch(() => null));
  if (kept && known) return { ...JSON.parse(known), policy: await readFile(kept.file) };
  const begun = performance.now();
  const policy = await train(plan, { episodes, seed: 1000 * seed + version, signal });
  const trainingSeconds = (performance.now() - begun) / 1000;
  const judged = { policy: exportPolicy(policy, { batch: BATCH }), task: plan.task, signal };
  const outcome = outcomeOf(await evaluatePolicy({ ...judged, episodes: cell.episodes, seed: evaluationSeed }));
  const made = { policy: exportPolicy(policy), outcome, trainingSeconds };
  if (kept) {
    await mkdir(run as string, { recursive: true });
    await writeFileAtomic(kept.file, made.policy);
    await writeFileAtomic(kept.facts, JSON.stringify({ outcome, trainingSeconds }));
  }
  return made;
}

const isEnough = ({ interventions, episodes }: Plan, recorded: readonly Episode[]): boolean =>
  recorded.length >= episodes || drivenIn(recorded).takings >= interventions;

/** As the studio's server trains: by its recipe, on all that was recorded so far. */
async function train(
  { task, head, updates }: Plan,
  { episodes, seed, signal }: { episodes: readonly Episode[]; seed: number; signal: AbortSignal },
) {
  const recipe = studioRecipe({ task, head, updates, weighting: "expert", seed });
  const { policy } = await cloneRecorded(episodes, {
    ...studioLearning(recipe),
    signal,
    runtime: nodeRuntime({ threads: 1 }),
  });
  return policy;
}
