/**
 * How faithful our Push-T is to the original: single steps from recorded states, and every human episode replayed open loop,
 * in our world and in the original engine (`original.py` wrote its half to original.json).
 *
 *     npx tsx experiments/push-t-fidelity/run.ts [STORE.zarr]
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { FileSystemStore } from "@zarrita/storage";
import { get, open, root } from "zarrita";
import { type PushTWorld, pushTWorld } from "../../src/index.ts";

const COMMAND = "npx tsx experiments/push-t-fidelity/run.ts";
const STORE = process.argv[2] ?? "../shared/data/pusht_human/pusht_cchi_v7_replay.zarr";
/** Steps that move the T by less are not counted, px. */
const LEAST_MOVE = 0.1;

interface Recording {
  /** [L, 5]: pusher x, y, origin of the T x, y, angle. */
  states: readonly number[][];
  /** [L, 2]. */
  actions: readonly Float32Array[];
}

interface Original {
  engine: string;
  steps: { n: number; median: number; p95: number; angleMedian: number; angleP95: number };
  finalCoverage: number[];
  /** Of random episodes by seed: pusher x, y, T x, y, angle after the last step. */
  randomFinalState: number[][];
}

async function readRecordings(path: string): Promise<Recording[]> {
  const read = async (name: string) => {
    const array = await open.v2(root(new FileSystemStore(path)).resolve(name), { kind: "array", attrs: false });
    return Array.from((await get(array)).data as ArrayLike<number | bigint>, Number);
  };
  const [states, actions, ends] = [
    await read("data/state"),
    await read("data/action"),
    await read("meta/episode_ends"),
  ];
  return ends.map((end, i) => {
    const rows = Array.from({ length: end - (ends[i - 1] ?? 0) }, (_, step) => (ends[i - 1] ?? 0) + step);
    return {
      states: rows.map((row) => states.slice(row * 5, row * 5 + 5)),
      actions: rows.map((row) => Float32Array.from(actions.slice(row * 2, row * 2 + 2))),
    };
  });
}

/** Puts the world where a recorded state says; recordings leave out the pusher's velocity. */
function place(world: PushTWorld, state: readonly number[], velocity?: { x: number; y: number }): void {
  const [px, py, x, y, angle] = state;
  world.start({ pusher: { x: px, y: py }, block: { x, y, angle }, velocity });
}

/** Of the steps that move the T: how far (px) and how turned (rad) it ends from where it was recorded. */
function stepErrors({ states, actions }: Recording): { far: number; turned: number }[] {
  const world = pushTWorld();
  let velocity = { x: 0, y: 0 };
  return actions.slice(0, -1).flatMap((action, t) => {
    const [before, after] = [states[t], states[t + 1]];
    place(world, before, velocity);
    if (!world.step(action)) return [];
    const { block, velocity: reached } = world.state();
    velocity = reached;
    if (Math.hypot(after[2] - before[2], after[3] - before[3]) <= LEAST_MOVE) return [];
    const turn = Math.abs(block.angle - after[4]) % (2 * Math.PI);
    return [{ far: Math.hypot(block.x - after[2], block.y - after[3]), turned: Math.min(turn, 2 * Math.PI - turn) }];
  });
}

/** The coverage at the end of the actions, or of the task. */
function finalCoverage({ states, actions }: Recording): number {
  const world = pushTWorld();
  place(world, states[0]);
  let coverage = 0;
  for (const action of actions) {
    const { terminated, info } = world.step(action);
    coverage = Number(info.coverage);
    if (terminated) break;
  }
  return coverage;
}

/** How far the T ends from where it ends in the original, px, in a random episode: `random_episode` in original.py. */
function randomDifference(final: readonly number[], seed: number): number {
  let x = seed + 1;
  const draw = (low: number, high: number) => {
    x = (x * 16807) % 2147483647;
    return low + (x % (high - low));
  };
  for (let i = 0; i < 10; i++) draw(0, 2);
  const world = pushTWorld();
  world.start({
    pusher: { x: draw(50, 450), y: draw(50, 450) },
    block: { x: draw(100, 400), y: draw(100, 400), angle: draw(0, 628) / 100 },
    first: "position",
  });
  const hold = draw(1, 9);
  let target = new Float32Array(2);
  for (let step = 0; step < 300; step++) {
    if (step % hold === 0) target = Float32Array.of(draw(0, 513), draw(0, 513));
    if (world.step(target).terminated) break;
  }
  const { block } = world.state();
  return Math.hypot(block.x - final[2], block.y - final[3]);
}

/** With linear interpolation between neighbours. */
function quantile(values: readonly number[], level: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * level;
  const below = Math.floor(at);
  return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const here = new URL(".", import.meta.url);
const original: Original = JSON.parse(readFileSync(new URL("original.json", here), "utf8"));
const recordings = await readRecordings(STORE);

const errors = recordings.flatMap(stepErrors);
const far = errors.map((error) => error.far);
const turned = errors.map((error) => error.turned);

const started = performance.now();
const covered = recordings.map(finalCoverage);
const seconds = (performance.now() - started) / 1000;
const differences = covered.map((coverage, i) => Math.abs(coverage - original.finalCoverage[i]));
const steps = recordings.reduce((sum, { actions }) => sum + actions.length, 0);

const apart = original.randomFinalState.map(randomDifference);

const rows = [
  {
    name: "single steps that move the T, px and rad from the recording",
    method: "ours",
    n: errors.length,
    median: quantile(far, 0.5),
    p95: quantile(far, 0.95),
    angleMedian: quantile(turned, 0.5),
    angleP95: quantile(turned, 0.95),
  },
  { name: "single steps that move the T, px and rad from the recording", method: original.engine, ...original.steps },
  {
    name: "human episodes replayed open loop, final coverage",
    method: "ours",
    n: covered.length,
    mean: mean(covered),
    least: Math.min(...covered),
  },
  {
    name: "human episodes replayed open loop, final coverage",
    method: original.engine,
    n: original.finalCoverage.length,
    mean: mean(original.finalCoverage),
    least: Math.min(...original.finalCoverage),
  },
  {
    name: "human episodes replayed open loop, difference of final coverage",
    method: "ours - original",
    n: differences.length,
    within1e9: differences.filter((difference) => difference < 1e-9).length,
    within1e3: differences.filter((difference) => difference < 1e-3).length,
    most: Math.max(...differences),
  },
  {
    name: "random episodes of 300 steps, walls included, px between the T's final positions",
    method: "ours - original",
    n: apart.length,
    within1e9: apart.filter((distance) => distance < 1e-9).length,
    within1e3: apart.filter((distance) => distance < 1e-3).length,
    most: Math.max(...apart),
  },
];
const commit = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
writeFileSync(new URL("result.json", here), `${JSON.stringify({ command: COMMAND, commit, rows }, null, 2)}\n`);
console.log(JSON.stringify(rows, null, 2));
console.error(`${Math.round(steps / seconds)} steps/s`);
