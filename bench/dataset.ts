/**
 * `npm run bench -- dataset [--json]`: the episode store at the size of the human Push-T demonstrations (206 episodes of 125
 * steps, 20 numbers seen, 2 executed): recording, reading the episode files, reading the cache, and gathering windows of
 * two observations and sixteen actions in shuffled batches of 256 from the resident columns: by a plain loop, and by the
 * trainer in one thread, as training does (a loss that does no more than look at every number). Windows are counted per
 * second of processor time. About ten seconds on one core. No peer.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Box,
  createStore,
  createTrainer,
  type Dataset,
  nn,
  nodeRuntime,
  type Problem,
  randomKey,
  randomStream,
  readStore,
  sgd,
  tensor,
  windowsOf,
} from "../src/index.ts";

const [EPISODES, STEPS, BATCH] = [206, 125, 256];
const HORIZONS = { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 };

interface Row {
  readonly name: string;
  readonly threads: 1;
  /** Per second. */
  readonly ours: number;
  readonly theirs: null;
  readonly ratio: null;
  readonly aim: number | null;
  readonly note: string;
}

const row = (name: string, ours: number, note: string, aim: number | null = null): Row => ({
  ...{ name, threads: 1, ours: Math.round(ours), theirs: null, ratio: null, aim, note },
});

const pixels = (names: readonly string[]): Box => ({
  names,
  units: names.map(() => "px"),
  low: names.map(() => 0),
  high: names.map(() => 512),
});

const spec = {
  name: "push-t",
  observation: { keypoints: pixels(Array.from({ length: 18 }, (_, i) => `k${i}`)), pusher: pixels(["x", "y"]) },
  action: pixels(["x", "y"]),
  controlRate: 10,
  maxSteps: 300,
};

/** Seconds of processor time that `work` takes. */
async function processorSeconds(work: () => Promise<unknown> | undefined): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const used = process.cpuUsage(start);
  return (used.user + used.system) / 1e6;
}

/** Seconds that `work` takes. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function recordAll(path: string): Promise<void> {
  const store = await createStore(path, { spec });
  const random = randomStream(randomKey(0));
  const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform() * 512);
  for (let seed = 0; seed < EPISODES; seed++) {
    const recording = await store.startEpisode({ seed, actors: ["human"], info: { success: false } });
    for (let step = 0; step < STEPS; step++) {
      await recording.append({
        observation: { keypoints: numbers(18), pusher: numbers(2) },
        action: numbers(2),
        controller: "expert",
        chunkPlace: 0,
        reward: 0,
        terminated: step === STEPS - 1,
        truncated: false,
        time: step / 10,
      });
    }
    await recording.finish({ success: true });
  }
}

/** [B, width, D]: the rows of the given windows, one after another; `rows` [W, width] are those of each window. */
function gather(out: Float32Array, { values, names }: Dataset["action"], rows: Int32Array, windows: Int32Array): void {
  const size = names.length;
  const width = out.length / windows.length / size;
  let next = 0;
  for (let i = 0; i < windows.length; i++) {
    const first = windows[i] * width;
    for (let row = first; row < first + width; row++) {
      let from = rows[row] * size;
      for (const end = from + size; from < end; from++) out[next++] = values[from];
    }
  }
}

/** Windows per second: every batch gathers the next of a shuffled order into arrays that are used again. */
async function gatherRate({ observation, action, episodeEnds }: Dataset, epochs: number): Promise<number> {
  const windows = windowsOf(episodeEnds, HORIZONS);
  const observations = new Float32Array(BATCH * HORIZONS.observationHorizon * observation.names.length);
  const actions = new Float32Array(BATCH * HORIZONS.predictionHorizon * action.names.length);
  const order = randomStream(randomKey(1)).permutation(windows.count);
  const batches = Math.floor(windows.count / BATCH);
  const spent = await processorSeconds(() => {
    for (let batch = 0; batch < epochs * batches; batch++) {
      const examples = order.subarray((batch % batches) * BATCH, ((batch % batches) + 1) * BATCH);
      gather(observations, observation, windows.observation, examples);
      gather(actions, action, windows.action, examples);
    }
    return undefined;
  });
  return (epochs * batches * BATCH) / spent;
}

/** The columns of cloning, and a loss that is one multiplication and one mean over what was gathered. */
function lookingProblem({ observation, action, episodeEnds }: Dataset): Problem & { bytes: number } {
  const windows = windowsOf(episodeEnds, HORIZONS);
  const rows = action.values.length / action.names.length;
  const columns: Problem["columns"] = {
    observation: { shape: [rows, observation.names.length], dtype: "float32", data: observation.values },
    action: { shape: [rows, action.names.length], dtype: "float32", data: action.values },
    observationRows: {
      shape: [windows.count, HORIZONS.observationHorizon],
      dtype: "int32",
      data: windows.observation,
    },
    actionRows: { shape: [windows.count, HORIZONS.predictionHorizon], dtype: "int32", data: windows.action },
  };
  const { gather: take, mean, mul, add } = tensor;
  return {
    parameters: { weight: { shape: [1], initial: nn.repeated(1) } },
    exampleCount: windows.count,
    columns,
    loss: ({ parameters: { weight }, columns: { observation, action, observationRows, actionRows }, examples }) =>
      add(
        mean(mul(take(observation, take(observationRows, examples)), weight)),
        mean(mul(take(action, take(actionRows, examples)), weight)),
      ),
    bytes: Object.values(columns).reduce((sum, { data }) => sum + data.byteLength, 0),
  };
}

/** Windows per second through the trainer, in one thread. */
async function trainerRate(problem: Problem, updates: number): Promise<number> {
  const trainer = await createTrainer({
    ...{ problem, batchSize: BATCH, seed: 0, runtime: nodeRuntime({ threads: 1 }) },
    optimizer: sgd({ schedule: { kind: "constant", rate: 1e-9 } }),
    plan: { path: "in-graph", updatesPerCall: 100 },
  });
  try {
    await trainer.advance(100);
    return (updates * BATCH) / (await processorSeconds(() => trainer.advance(updates)));
  } finally {
    await trainer.close();
  }
}

async function measure(path: string): Promise<Row[]> {
  const steps = EPISODES * STEPS;
  const recorded = await seconds(() => recordAll(path));
  const folder = join(path, "episodes");
  const megabytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 1e6;
  const built = await seconds(() => readStore(path));
  const cacheMegabytes = statSync(join(path, "cache.safetensors")).size / 1e6;
  const cached = await seconds(() => readStore(path));
  const dataset = await readStore(path);
  await gatherRate(dataset, 5);
  const rate = await gatherRate(dataset, 60);
  const problem = lookingProblem(dataset);
  const memory = `${(problem.bytes / 1e6).toFixed(1)} MB of columns and indices in memory`;
  return [
    row("appends", steps / recorded, `${((1e6 * megabytes) / steps).toFixed(0)} bytes a step, every file flushed`),
    row(
      "steps from episode files",
      steps / built,
      `${(megabytes / built).toFixed(0)} MB/s, ${megabytes.toFixed(1)} MB, cache written`,
    ),
    row(
      "steps from the cache",
      steps / cached,
      `${(cacheMegabytes / cached).toFixed(0)} MB/s, ${(1e3 * cached).toFixed(1)} ms`,
    ),
    row("windows, by a loop", rate, memory, 1e6),
    row("windows, into training", await trainerRate(problem, 10_000), `${memory}, batches of ${BATCH}`, 1e6),
  ];
}

/** The rows of the bench, measured in a folder of its own. */
export async function measureDataset(): Promise<Row[]> {
  const path = mkdtempSync(join(tmpdir(), "apprentice-bench-"));
  try {
    return await measure(join(path, "store"));
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

export async function benchDataset(json: boolean): Promise<void> {
  const rows = await measureDataset();
  const say = json ? console.error : console.log;
  for (const { name, ours, aim, note } of rows) {
    say(
      `${name.padEnd(26)}${ours.toLocaleString("en").padStart(14)} /s  ${aim ? `aim ${aim.toExponential()}  ` : ""}${note}`,
    );
  }
  if (json) console.log(JSON.stringify({ rows }));
}
