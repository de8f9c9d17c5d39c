import { describe, expect, it } from "vitest";
import { heldOutReport, policySpec } from "../../src/algorithms/index.ts";
import { foldIn, randomKey, randomStream, sizeOf } from "../../src/base/index.ts";
import { type Dataset, type Split, splitDataset } from "../../src/datasets/index.ts";
import { exportPolicy, modelOf, openPolicy, type Policy, policyRecipe } from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { chunkOf, mixtureOf, outputsOf } from "../policies/plain.ts";
import { record } from "./recordings.ts";

const runtime = nodeRuntime();
const SEED = 5;

interface Trial {
  dataset: Dataset;
  split: Split;
  policy: Policy;
}

function trial(
  head: "l2" | "gmm",
  observationHorizon: number,
  { resolution, lengths }: Partial<RecordingChoice>,
): Trial {
  const dataset = record({
    lengths: lengths ?? [9, 12, 4, 11, 8, 7, 10],
    observationSize: 3,
    actionSize: 2,
    act: ([x, y, z]) => [Math.round(20 * x * y), z - x].map((value) => Math.fround(value)),
    resolution,
  });
  const split = splitDataset(dataset, { validationFraction: 0.45, seed: 1 });
  const spec = policySpec({
    dataset,
    split,
    policy: policyRecipe(head, { hidden: [5, 4], options: head === "gmm" ? { modes: 3 } : {} }),
    horizons: { observationHorizon, predictionHorizon: 5, actionHorizon: 2 },
  });
  const stream = randomStream(randomKey(2));
  const parameters = Object.entries(modelOf(spec).parameters).map(([name, { shape }]) => [
    name,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * stream.normal()),
  ]);
  return { dataset, split, policy: { spec, parameters: Object.fromEntries(parameters) } };
}

interface RecordingChoice {
  resolution: readonly number[];
  lengths: readonly number[];
}

async function report({ dataset, split, policy }: Trial, batch = 1) {
  const actor = await openPolicy(runtime, exportPolicy(policy, { batch }));
  const made = await heldOutReport({ dataset, split, policy, actor, runtime, seed: SEED });
  await actor.close();
  return made;
}

/** The same numbers, slowly: docs/algorithms/bc.md, "What is reported". */
function plainReport({ dataset, split, policy }: Trial) {
  const { observationHorizon: To, predictionHorizon: Tp, actionHorizon: Ta } = policy.spec.horizons;
  const rowOf = ({ values, names }: Dataset["action"], row: number) =>
    Array.from(values.subarray(row * names.length, (row + 1) * names.length));
  const spanOf = (episode: number) => [episode === 0 ? 0 : split.episodeEnds[episode - 1], split.episodeEnds[episode]];

  const trained = Array.from(split.train).flatMap((episode) => {
    const [start, end] = spanOf(episode);
    return Array.from({ length: end - start }, (_, i) => rowOf(dataset.action, start + i));
  });
  const mean = [0, 1].map((d) => trained.reduce((sum, action) => sum + action[d], 0) / trained.length);

  // Windows that lie wholly within an episode.
  const windows = Array.from(split.validation).flatMap((episode) => {
    const [start, end] = spanOf(episode);
    return Array.from({ length: Math.max(0, end - start - Tp + 1) }, (_, s) => ({ first: start + s, start }));
  });
  const spread = randomStream(foldIn(randomKey(SEED), 2 ** 40));
  const step = dataset.action.resolution;
  const cases = windows.map(({ first, start }, window) => {
    const history = Array.from({ length: To }, (_, i) => rowOf(dataset.observation, first + i)).flat();
    const shown = Array.from({ length: Tp }, (_, i) => rowOf(dataset.action, first + i)).flat();
    const newest = first + To - 1;
    const last = newest === start ? mean : rowOf(dataset.action, newest - 1);
    return {
      shown,
      spread: shown.map((value, i) => (step ? value + (spread.uniform() - 0.5) * step[i % 2] : value)),
      outputs: outputsOf(policy, history),
      predictions: [
        chunkOf(policy, history, [randomStream(foldIn(randomKey(SEED), window)).normal()]),
        Array.from({ length: Tp }, () => mean).flat(),
        Array.from({ length: Tp }, () => last).flat(),
      ],
    };
  });

  const { scale, offset } = policy.spec.action.normaliser;
  const scores = [0, 1, 2].map((predictor) => {
    const executed = cases.flatMap(({ shown, predictions }) =>
      shown.map((value, i) => predictions[predictor][i] - value).slice((To - 1) * 2, (To - 1 + Ta) * 2),
    );
    const residuals = cases.flatMap(({ spread: values, predictions }) =>
      values.map((value, i) => (value - predictions[predictor][i]) * scale[i % 2]),
    );
    const variance = residuals.reduce((sum, r) => sum + r * r, 0) / residuals.length;
    return {
      rms: Math.sqrt(executed.reduce((sum, e) => sum + e * e, 0) / executed.length),
      meanAbsolute: executed.reduce((sum, e) => sum + Math.abs(e), 0) / executed.length,
      // The mean of log N(r; 0, σ²) over the residuals themselves.
      nats:
        residuals.reduce((sum, r) => sum - 0.5 * Math.log(2 * Math.PI * variance) - (r * r) / (2 * variance), 0) /
        residuals.length,
    };
  });
  if (policy.spec.recipe.head.kind === "gmm") {
    const logs = cases.map(({ outputs, spread: values }) => {
      const { weights, means, deviations } = mixtureOf(policy, outputs);
      const perMode = weights.map((weight, mode) =>
        values.reduce((sum, value, d) => {
          const z = (value * scale[d % 2] + offset[d % 2] - means[mode][d]) / deviations[mode][d];
          return sum - 0.5 * z * z - Math.log(deviations[mode][d] * Math.sqrt(2 * Math.PI));
        }, Math.log(weight)),
      );
      const best = Math.max(...perMode);
      return best + Math.log(perMode.reduce((sum, value) => sum + Math.exp(value - best), 0));
    });
    scores[0].nats = logs.reduce((sum, value) => sum + value, 0) / (logs.length * Tp * 2);
  }
  return { windows: windows.length, scores };
}

describe("the held-out report", () => {
  it.each([
    { head: "l2", To: 1, resolution: undefined },
    { head: "l2", To: 2, resolution: [1, 0.25] },
    { head: "gmm", To: 1, resolution: [1, 0.25] },
    { head: "gmm", To: 3, resolution: undefined },
  ] as const)("equals its plain twin: $head, To = $To, resolution $resolution", async ({ head, To, resolution }) => {
    const given = trial(head, To, { resolution });
    const found = await report(given);
    const expected = plainReport(given);
    expect(found.episodes).toBe(given.split.validation.length);
    expect(found.windows).toBe(expected.windows);
    expect(found.scores.map(({ predictor }) => predictor)).toEqual([head, "mean", "repeat last action"]);
    found.scores.forEach(({ error, natsPerDimension }, i) => {
      const { rms, meanAbsolute, nats } = expected.scores[i];
      expect(Math.abs(error.rms / rms - 1)).toBeLessThan(1e-5);
      expect(Math.abs(error.meanAbsolute / meanAbsolute - 1)).toBeLessThan(1e-5);
      expect(Math.abs(natsPerDimension - nats)).toBeLessThan(1e-4 * (1 + Math.abs(nats)));
    });
  });

  it("splits one recording by time, and takes the cut for a beginning", async () => {
    const given = trial("l2", 1, { lengths: [40] });
    expect(Array.from(given.split.episodeEnds)).toEqual([22, 40]);
    const [found, expected] = [await report(given), plainReport(given)];
    expect(found.windows).toBe(18 - 5 + 1);
    found.scores.forEach(({ error }, i) => {
      expect(Math.abs(error.rms / expected.scores[i].rms - 1)).toBeLessThan(1e-5);
    });
  });

  it("is the same every time", async () => {
    const given = trial("gmm", 2, { resolution: [1, 0.25] });
    expect(await report(given)).toEqual(await report(given));
  });

  it("refuses held-out episodes that are shorter than a chunk", async () => {
    const given = trial("l2", 1, { lengths: [4, 4, 4, 4, 4, 4] });
    await expect(report(given)).rejects.toThrow(/none of \d+ lies wholly within an episode/);
  });
});
