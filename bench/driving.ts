/**
 * Control steps of the driving world per second of processor time, lidar and observation included: `npx tsx
 * bench/driving.ts [--json]`. Processor time counts the garbage collector's threads too and not what other programs
 * take: on an idle machine one core is a little faster. Actions were recorded from an expert, so that only the world is
 * timed. About ten seconds.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { drivingExpert, drivingWorld, rollout, SCENARIOS } from "../src/index.ts";

const AIM = 100_000;
const EPISODES = 40;
const TURNS = 7;

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } }, strict: false });

const rows = [];
for (const scenario of SCENARIOS) {
  const world = drivingWorld({ scenario });
  const expert = drivingExpert(world, "left");
  const episodes: { seed: number; actions: Float32Array[] }[] = [];
  for (let seed = 0; seed < EPISODES; seed++) {
    const { action, length } = await rollout(world, expert, { seed });
    const actions = Array.from({ length }, (_, step) => action.slice(2 * step, 2 * step + 2));
    episodes.push({ seed, actions });
  }
  const rates = Array.from({ length: TURNS }, () => {
    let steps = 0;
    let seconds = 0;
    for (const { seed, actions } of episodes) {
      world.reset(seed);
      const start = process.cpuUsage();
      for (const action of actions) world.step(action);
      const used = process.cpuUsage(start);
      seconds += (used.user + used.system) / 1e6;
      steps += actions.length;
    }
    return steps / seconds;
  }).sort((a, b) => a - b);
  const ours = Math.round(rates[TURNS >> 1]);
  rows.push({
    name: `driving ${scenario}, steps per CPU second`,
    threads: 1,
    ours,
    theirs: null,
    ratio: null,
    aim: AIM,
  });
}

if (values.json) console.log(JSON.stringify({ rows }));
else {
  console.log(`${cpus()[0].model}`);
  for (const { name, ours } of rows) console.log(`${name}: ${ours} (aim ${AIM})`);
}
