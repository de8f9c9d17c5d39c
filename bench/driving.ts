/**
 * Control steps of the driving world per second of processor time, lidar and observation included: `npm run bench --
 * driving [--json]`. Processor time counts the garbage collector's threads too and not what other programs take: on an
 * idle machine one core is a little faster. Actions were recorded from an expert, so that only the world is timed. About
 * ten seconds.
 */
import { cpus } from "node:os";
import {
  type Actor,
  drivingExpert,
  drivingWorld,
  rollout,
  SCENARIOS,
  type Scenario,
  type World,
} from "../src/index.ts";
import { median } from "./engine/timing.ts";

const AIM = 100_000;
const EPISODES = 40;
const TURNS = 7;

/** An episode to be stepped through again. */
export interface Script {
  readonly seed: number;
  readonly actions: readonly Float32Array[];
}

/** What `actor` does in the episodes of seeds 0 to `episodes` - 1. */
export async function recordScripts(world: World, actor: Actor, episodes: number): Promise<Script[]> {
  const scripts: Script[] = [];
  for (let seed = 0; seed < episodes; seed++) {
    const { action, length } = await rollout(world, actor, { seed });
    const size = action.length / length;
    scripts.push({ seed, actions: Array.from({ length }, (_, step) => action.slice(size * step, size * (step + 1))) });
  }
  return scripts;
}

/** Steps per second of processor time, resets not counted. */
export function stepRate(world: World, scripts: readonly Script[]): number {
  let steps = 0;
  let seconds = 0;
  for (const { seed, actions } of scripts) {
    world.reset(seed);
    const start = process.cpuUsage();
    for (const action of actions) world.step(action);
    const used = process.cpuUsage(start);
    seconds += (used.user + used.system) / 1e6;
    steps += actions.length;
  }
  return steps / seconds;
}

/** The row of one scenario: the median of several turns. */
export async function measureDriving(scenario: Scenario, { episodes = EPISODES, turns = TURNS } = {}) {
  const world = drivingWorld({ scenario });
  const scripts = await recordScripts(world, drivingExpert(world, "left"), episodes);
  const ours = Math.round(median(Array.from({ length: turns }, () => stepRate(world, scripts))));
  return { name: `driving ${scenario}, steps per CPU second`, threads: 1, ours, theirs: null, ratio: null, aim: AIM };
}

export async function benchDriving(json: boolean): Promise<void> {
  const rows = [];
  for (const scenario of SCENARIOS) rows.push(await measureDriving(scenario));
  if (json) {
    console.log(JSON.stringify({ rows }));
    return;
  }
  console.log(`${cpus()[0].model}`);
  for (const { name, ours } of rows) console.log(`${name}: ${ours} (aim ${AIM})`);
}
