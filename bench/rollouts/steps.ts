/** Steps of the worlds per second of processor time, and of Push-T beside its original. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pushTExpert, pushTWorld } from "../../src/index.ts";
import { measureDriving, recordScripts, type Script, stepRate } from "../driving.ts";
import { median } from "../engine/timing.ts";
import { type Row, row } from "./row.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export const MISSING =
  "gym-pusht is missing: in an environment of its own, `pip install gym-pusht`, then " +
  "APPRENTICE_GYM_PYTHON=/that/environment/bin/python";

/** The first Python that has gym-pusht, or null. */
function pythonWithGym(): string | null {
  const places = [
    process.env.APPRENTICE_GYM_PYTHON,
    `${root}.cache/gym-python/bin/python`,
    "/opt/apprentice-pusht/bin/python",
    "python3",
  ];
  const hasGym = (python: string) =>
    (python === "python3" || existsSync(python)) && spawnSync(python, ["-c", "import gym_pusht"]).status === 0;
  return places.find((python) => python !== undefined && hasGym(python)) ?? null;
}

/** What bench/rollouts/peer.py answers. */
interface PeerSteps {
  readonly steps: number;
  /** s of processor time for whole steps, and for the engine's substeps alone. */
  readonly environment: number;
  readonly engine: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** The same episodes in gym-pusht: one turn, in a process of its own. */
function peerSteps(python: string, scripts: readonly Script[]): PeerSteps {
  const world = pushTWorld();
  const episodes = scripts.map(({ seed, actions }) => {
    world.reset(seed);
    const { pusher, block } = world.state();
    const rows = actions.map((action) => [...action]);
    return { pusher: [pusher.x, pusher.y], block: [block.x, block.y, block.angle], actions: rows };
  });
  const { status, stdout, stderr } = spawnSync(python, [`${root}bench/rollouts/peer.py`], {
    input: JSON.stringify({ episodes }),
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`bench/rollouts/peer.py ended with ${status}: ${stderr.trim().split("\n").pop()}`);
  return JSON.parse(stdout);
}

export async function stepRows({ quick }: { quick: boolean }): Promise<Row[]> {
  const [episodes, turns] = quick ? [4, 1] : [20, 5];
  const rows: Row[] = [];
  for (const scenario of ["traffic", "urgent"] as const) {
    const { ours, aim } = await measureDriving(scenario, quick ? { episodes: 8, turns: 3 } : {});
    rows.push(row(`driving-${scenario}, steps/s`, ours, { aim, note: "per second of processor time, lidar included" }));
  }
  const world = pushTWorld();
  const scripts = await recordScripts(world, pushTExpert(), episodes);
  const python = pythonWithGym();
  const ours: number[] = [];
  const theirs: PeerSteps[] = [];
  stepRate(world, scripts);
  for (let turn = 0; turn < turns; turn++) {
    ours.push(stepRate(world, scripts));
    if (python) theirs.push(peerSteps(python, scripts));
  }
  const rate = (part: "environment" | "engine") => median(theirs.map((peer) => peer.steps / peer[part]));
  const note = python
    ? `beside gym-pusht ${theirs[0].versions["gym-pusht"]} (pymunk ${theirs[0].versions.pymunk}), in turn; ` +
      `the substeps of its engine alone: ${Math.round(rate("engine"))} steps/s`
    : MISSING;
  rows.push(row("push-t, steps/s", median(ours), { theirs: python ? rate("environment") : null, note }));
  return rows;
}
