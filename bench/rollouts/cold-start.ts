/** From nothing to a policy that drives: collect, train and evaluate, each from the start of its process. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { evaluatePolicy } from "../../src/index.ts";
import { type Row, row } from "./row.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

const WANTED = 0.95;
/** s for the whole. */
const AIM = 60;
const DEMONSTRATIONS = 100;
const EPISODES = 200;
const UPDATES = [125, 250, 500, 1000, 2000, 4000, 8000];

/** Seconds that a command of `apprentice` takes, from the start of its process. */
function apprentice(...flags: string[]): number {
  const start = performance.now();
  const argv = ["--import", "tsx", join(root, "src/cli/bin.ts"), ...flags];
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`apprentice ${flags[0]} ended with ${status}: ${stderr.trim().split("\n").pop()}`);
  return (performance.now() - start) / 1000;
}

/** The smallest tried number of updates whose policy succeeds often enough; null where none does. */
async function fromNothing(task: string, folder: string, tries: readonly number[], episodes: number) {
  const data = join(folder, task);
  const collect = apprentice("collect", task, "--expert", "left", "--episodes", `${DEMONSTRATIONS}`, "--out", data);
  const tried: string[] = [];
  for (const updates of tries) {
    const run = join(folder, `${task}-${updates}`);
    const train = apprentice("train", data, "--head", "l2", "--updates", `${updates}`, "--out", run, "--threads", "1");
    const start = performance.now();
    const { success } = await evaluatePolicy({ policy: join(run, "policy.onnx"), episodes, workers: 2 });
    const evaluate = (performance.now() - start) / 1000;
    tried.push(`${updates} updates ${success.rate.toFixed(3)}`);
    if (success.rate >= WANTED) return { collect, train, evaluate, tried, reached: true };
  }
  return { collect, train: Number.NaN, evaluate: Number.NaN, tried, reached: false };
}

export async function coldStartRows({ quick }: { quick: boolean }): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-bench-"));
  try {
    const rows: Row[] = [];
    for (const task of quick ? ["driving-leisurely"] : ["driving-leisurely", "driving-urgent"]) {
      const [tries, episodes] = quick ? [[1000], 50] : [UPDATES, EPISODES];
      const { collect, train, evaluate, tried, reached } = await fromNothing(task, folder, tries, episodes);
      const parts = `collect ${collect.toFixed(1)} s, train ${train.toFixed(1)} s, evaluate ${evaluate.toFixed(1)} s`;
      const note =
        `${DEMONSTRATIONS} demonstrations of "left", L2, success over ${episodes} episodes: ${tried.join(", ")}; ` +
        (reached ? parts : `${WANTED} not reached`);
      const name = `${task}, from nothing to ${WANTED}, s`;
      rows.push(row(name, collect + train + evaluate, { threads: 2, aim: AIM, less: true, note }));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
