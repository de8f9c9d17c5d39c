/**
 * `npm run bench -- dagger [--json] [--quick]`: learning online. DAgger on CartPole-v1 and Pendulum-v1 beside `imitation`'s
 * SimpleDAggerTrainer, where a Python has it: the same worlds, experts, hidden layers, batch, episodes, rounds and updates,
 * in turn on the same machine; seconds of recording, of training, and of both, and what the last policies earn. Then seconds
 * of a whole run on driving, from nothing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { evaluatePolicy, learnOnline } from "../src/index.ts";
import { median } from "./engine/timing.ts";
import { type Row, row } from "./rollouts/row.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

const MISSING =
  "imitation is missing: `python3 -m venv .cache/imitation-python`, there `pip install torch==2.13.0` and `imitation==1.0.1`, " +
  "or APPRENTICE_IMITATION_PYTHON=/an/environment/bin/python";

function pythonWithImitation(): string | null {
  const places = [process.env.APPRENTICE_IMITATION_PYTHON, `${root}.cache/imitation-python/bin/python`];
  const has = (python: string) => existsSync(python) && spawnSync(python, ["-c", "import imitation"]).status === 0;
  return places.find((place) => place !== undefined && has(place)) ?? null;
}

interface World {
  readonly peer: string;
  readonly task: string;
  readonly rounds: number;
}

const EPISODES = 5;
const UPDATES = 500;
const EVALUATION = 100;
const WORLDS: readonly World[] = [
  { peer: "CartPole-v1", task: "cart-pole", rounds: 10 },
  { peer: "Pendulum-v1", task: "pendulum", rounds: 20 },
];

/** s, and the mean return of the last policy. */
interface Measured {
  readonly rollouts: number;
  readonly training: number;
  readonly whole: number;
  readonly returned: number;
  readonly expert: number | null;
}

async function ours({ task, rounds }: World, threads: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-bench-"));
  try {
    const out = join(folder, "run");
    const learning = {
      updates: UPDATES,
      batchSize: 64,
      policy: { head: { kind: "l2" }, network: { kind: "mlp", hidden: [64, 64] } },
    };
    // round 0 is the expert's, as imitation's first is
    // training goes on from round to round, as imitation's does
    const budget = { rounds: rounds - 1, demonstrations: EPISODES, episodes: EPISODES };
    const recipe = { ...budget, selection: 1, start: "warm", learning };
    const { rounds: facts } = await learnOnline({ task, out, recipe, threads });
    const sum = (part: "recording" | "training") => facts.reduce((total, { seconds }) => total + seconds[part], 0);
    const policy = readFileSync(join(out, "rounds", `round-${String(rounds - 1).padStart(3, "0")}.onnx`));
    const { perSeed } = await evaluatePolicy({ policy, task, episodes: EVALUATION });
    const returned = perSeed.reduce((total, { reward }) => total + reward, 0) / perSeed.length;
    const [rollouts, training] = [sum("recording"), sum("training")];
    return { rollouts, training, whole: rollouts + training, returned, expert: null };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function theirs(python: string, { peer, rounds }: World, threads: number): Measured {
  // side by side, as fast as it goes: one after another it takes two to three times as long to roll out
  const request = { world: peer, rounds, episodes: EPISODES, updates: UPDATES, threads, environments: EPISODES };
  const { status, stdout, stderr } = spawnSync(python, [`${root}bench/dagger/peer.py`], {
    input: `${JSON.stringify({ ...request, evaluation: EVALUATION })}\n`,
    encoding: "utf8",
  });
  const reply = status === 0 ? JSON.parse(stdout) : { error: stderr.trim().split("\n").pop() };
  if (reply.error) throw new Error(`bench/dagger/peer.py: ${reply.error}`);
  const { rollouts, loading, training, whole } = reply.seconds;
  return {
    rollouts: rollouts + loading,
    training,
    whole,
    returned: reply.returned.policy,
    expert: reply.returned.expert,
  };
}

async function besideImitation(quick: boolean, say: (line: string) => void): Promise<Row[]> {
  const python = pythonWithImitation();
  if (!python) say(MISSING);
  const rows: Row[] = [];
  for (const world of WORLDS) {
    for (const threads of quick ? [1] : [1, 2]) {
      const [own, other]: [Measured[], Measured[]] = [[], []];
      for (let turn = 0; turn < (quick ? 1 : 3); turn++) {
        own.push(await ours(world, threads));
        if (python) other.push(theirs(python, world, threads));
      }
      const mean = (all: readonly Measured[], of: "returned" | "expert") =>
        all.length === 0 ? "missing" : median(all.map((one) => one[of] ?? 0)).toFixed(0);
      const note = `return ours ${mean(own, "returned")}, theirs ${mean(other, "returned")}, expert ${mean(other, "expert")}`;
      for (const part of ["rollouts", "training", "whole"] as const) {
        const seconds = (all: readonly Measured[]) => median(all.map((one) => one[part]));
        const name = `dagger ${world.task}, ${part}, s`;
        rows.push(row(name, seconds(own), { threads, theirs: python ? seconds(other) : null, less: true, note }));
      }
    }
  }
  return rows;
}

/** From nothing to a policy that drives as the expert does: 10 rounds, judged apart on 500 episodes. */
async function wholeRun(quick: boolean): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-bench-"));
  try {
    const out = join(folder, "run");
    // as in experiments/dagger-driving
    const recipe = { rounds: quick ? 1 : 10, episodes: 80, labelEvery: 4, budget: 6000, selection: 50, seed: 20 };
    const started = performance.now();
    await learnOnline({ task: "driving", out, recipe, threads: 2 });
    const seconds = (performance.now() - started) / 1000;
    const { success } = await evaluatePolicy({
      policy: join(out, "policy.onnx"),
      task: "driving",
      episodes: 500,
      seed: 7,
    });
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const note = `success ${percent(success.rate)} [${percent(success.low)}, ${percent(success.high)}] of ${success.n} episodes`;
    return row("dagger driving, whole run, s", seconds, { threads: 2, aim: quick ? null : 180, less: true, note });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function benchDagger({ json, quick }: { json: boolean; quick: boolean }): Promise<void> {
  const say = json ? console.error : console.log;
  const rows: Row[] = [];
  const add = (measured: Row) => {
    const { name, threads, ours, theirs, ratio, note } = measured;
    say(`${name} (${threads}): ${ours}${theirs === null ? "" : `, theirs ${theirs}, ratio ${ratio}`}; ${note}`);
    rows.push(measured);
  };
  for (const one of await besideImitation(quick, say)) add(one);
  add(await wholeRun(quick));
  if (json) console.log(JSON.stringify({ rows, quick }));
}
