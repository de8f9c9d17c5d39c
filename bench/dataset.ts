/**
 * `npm run bench -- dataset [--json]`: the episode store at the size of the human Push-T demonstrations (206 episodes of 125
 * steps, 20 numbers seen, 2 executed): recording, reading the episode files, reading the cache, and gathering windows of
 * two observations and sixteen actions in shuffled batches, as training does. About ten seconds on one core. No peer.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Box, createStore, type Dataset, randomKey, randomStream, readStore, windowsOf } from "../src/index.ts";

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
function gatherRate({ observation, action, episodeEnds }: Dataset, epochs: number): { rate: number; bytes: number } {
  const windows = windowsOf(episodeEnds, HORIZONS);
  const observations = new Float32Array(BATCH * HORIZONS.observationHorizon * observation.names.length);
  const actions = new Float32Array(BATCH * HORIZONS.predictionHorizon * action.names.length);
  const order = randomStream(randomKey(1)).permutation(windows.count);
  const batches = Math.floor(windows.count / BATCH);
  const start = performance.now();
  for (let batch = 0; batch < epochs * batches; batch++) {
    const examples = order.subarray((batch % batches) * BATCH, ((batch % batches) + 1) * BATCH);
    gather(observations, observation, windows.observation, examples);
    gather(actions, action, windows.action, examples);
  }
  const rate = (epochs * batches * BATCH) / ((performance.now() - start) / 1000);
  const indices = windows.observation.byteLength + windows.action.byteLength + windows.padded.byteLength;
  return { rate, bytes: observation.values.byteLength + action.values.byteLength + indices };
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
  gatherRate(dataset, 5);
  const { rate, bytes } = gatherRate(dataset, 60);
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
    row("windows", rate, `${(bytes / 1e6).toFixed(1)} MB of columns and indices in memory`, 1e6),
  ];
}

const path = mkdtempSync(join(tmpdir(), "apprentice-bench-"));
try {
  const rows = await measure(join(path, "store"));
  const json = process.argv.includes("--json");
  const say = json ? console.error : console.log;
  for (const { name, ours, aim, note } of rows) {
    say(
      `${name.padEnd(26)}${ours.toLocaleString("en").padStart(14)} /s  ${aim ? `aim ${aim.toExponential()}  ` : ""}${note}`,
    );
  }
  if (json) console.log(JSON.stringify({ rows }));
} finally {
  rmSync(path, { recursive: true, force: true });
}
