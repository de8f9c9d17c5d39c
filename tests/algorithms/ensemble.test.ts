import { describe, expect, it } from "vitest";
// The problem behind `cloneEnsemble` is no part of the door.
import { cloningProblem } from "../../src/algorithms/bc/problem.ts";
import { ensembleProblem, type MemberDraws } from "../../src/algorithms/ensemble/problem.ts";
import { type CloneEnsembleOptions, cloneEnsemble, policySpec } from "../../src/algorithms/index.ts";
import { branch, foldIn, type Key, randomKey, randomStream, split } from "../../src/base/index.ts";
import { splitDataset } from "../../src/datasets/index.ts";
import { initialise } from "../../src/nn/index.ts";
import { adamw, powerEma } from "../../src/optim/index.ts";
import {
  exportPolicy,
  type HeadName,
  memberOf,
  openEnsemble,
  openPolicy,
  policyRecipe,
} from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { constant, foldInKey } from "../../src/tensor/index.ts";
import { createTrainer, type Plan, type Problem } from "../../src/training/index.ts";
import { record } from "./recordings.ts";

const runtime = nodeRuntime();
const horizons = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 2 };
const act = ([x, y, z]: readonly number[]) => [x - y, 0.5 * x * z];
const dataset = record({ lengths: Array(8).fill(20), observationSize: 3, actionSize: 2, act });
const UPDATES = 40;

function optionsFor(head: HeadName, hidden = [16, 16]): CloneEnsembleOptions {
  return {
    dataset,
    split: splitDataset(dataset, { validationFraction: 0.2, seed: 0 }),
    policy: policyRecipe(head, { hidden }),
    horizons,
    optimizer: adamw({
      schedule: { kind: "cosine", rate: 3e-3, warmup: 5, total: UPDATES },
      weightDecay: 0.01,
      ema: powerEma,
    }),
    batchSize: 16,
    updates: UPDATES,
    seed: 3,
    runtime,
    members: 3,
  };
}

function cloning(options: CloneEnsembleOptions): Problem {
  const { split: parts } = options;
  const data = { dataset, episodeEnds: parts.episodeEnds, episodes: parts.train };
  return cloningProblem(policySpec(options), data);
}

/** The problem of one member alone: its examples are put in their order beforehand, row by row. */
function alone(problem: Problem, k: number, seen: ArrayLike<number> | null): Problem {
  const rows = (name: "observationRows" | "actionRows") => {
    const column = problem.columns[name];
    const width = column.shape[1];
    const data = Int32Array.from(column.data, (own, i) =>
      seen ? (column.data[seen[Math.floor(i / width)] * width + (i % width)] as number) : (own as number),
    );
    return { ...column, data };
  };
  return {
    ...problem,
    columns: { ...problem.columns, observationRows: rows("observationRows"), actionRows: rows("actionRows") },
    loss: (batch) => problem.loss({ ...batch, key: foldInKey(batch.key, constant(k, [], "int32")) }),
  };
}

/** What member k sees, drawn anew from its key. */
function examplesOf(draws: MemberDraws, key: Key, count: number): number[] | null {
  const stream = randomStream(key);
  if (draws === "same") return null;
  if (draws === "shuffled") return [...stream.permutation(count)];
  return Array.from({ length: count }, () => stream.integer(0, count));
}

async function trainedBy(
  problem: Problem,
  options: CloneEnsembleOptions,
  plan: Plan,
  initial: Record<string, Float32Array>,
) {
  const { optimizer, batchSize, seed } = options;
  const trainer = await createTrainer({ problem, optimizer, batchSize, seed, runtime, plan, initial });
  const losses = await trainer.advance(UPDATES);
  const parameters = trainer.parameters();
  await trainer.close();
  return { losses, parameters };
}

const PLANS: Plan[] = [{ path: "in-graph", updatesPerCall: 20 }, { path: "kernel" }];
const CASES = (["l2", "l1", "gaussian", "diffusion"] as const).flatMap((head) =>
  (["same", "shuffled", "bootstrap"] as const).flatMap((draws) =>
    PLANS.filter(({ path }) => head === "l2" || (path === "kernel") === (head === "diffusion")).map((plan) => ({
      head,
      draws,
      plan,
      name: `${head}, ${draws}, ${plan.path}`,
    })),
  ),
);

describe("an ensemble in one program", () => {
  it.each(CASES)("trains each member as it would alone: $name", async ({ head, draws, plan }) => {
    const options = optionsFor(head);
    const problem = cloning(options);
    const key = randomKey(17);
    const together = ensembleProblem(problem, { members: 3, draws, key });
    const initial = initialise(together.parameters, randomKey(23));
    const found = await trainedBy(together, options, plan, initial);
    const sum = new Float32Array(UPDATES);
    for (let k = 0; k < 3; k++) {
      const seen = examplesOf(draws, split(key, 3)[k], problem.exampleCount);
      const lone = await trainedBy(alone(problem, k, seen), options, plan, branch(initial, String(k)));
      const member = branch(found.parameters, String(k));
      for (const [path, values] of Object.entries(lone.parameters)) {
        values.forEach((value, i) => {
          expect(Math.abs(member[path][i] - value), `member ${k}, ${path}, ${i}`).toBeLessThan(1e-5);
        });
      }
      lone.losses.forEach((loss, i) => {
        sum[i] += loss;
      });
    }
    found.losses.forEach((loss, i) => {
      expect(Math.abs(loss - sum[i])).toBeLessThan(1e-4 * (1 + Math.abs(sum[i])));
    });
  });

  it("begins with members that differ, and a bootstrap leaves about 1/e of the examples out", () => {
    const problem = cloning(optionsFor("l2"));
    const { parameters, columns } = ensembleProblem(problem, { members: 4, draws: "bootstrap", key: randomKey(1) });
    const begun = initialise(parameters, randomKey(2));
    const path = Object.keys(problem.parameters)[0];
    expect(new Set([0, 1, 2, 3].map((k) => begun[`${k}.${path}`].join())).size).toBe(4);
    const seen = columns.seenByMembers.data as Int32Array;
    const count = problem.exampleCount;
    for (let k = 0; k < 4; k++) {
      const distinct = new Set(Array.from({ length: count }, (_, i) => seen[4 * i + k])).size;
      // of n draws from n, 1 - (1 - 1/n)^n are left: 0.633 with a deviation of about 0.3 / sqrt(n)
      expect(Math.abs(distinct / count - 0.633)).toBeLessThan(1.2 / Math.sqrt(count));
    }
  });

  it("is refused an optimizer that clips, and no members", async () => {
    const options = optionsFor("l2");
    const optimizer = { ...options.optimizer, clipNorm: 1 };
    await expect(cloneEnsemble({ ...options, optimizer })).rejects.toThrow("found clipNorm 1");
    expect(() => ensembleProblem(cloning(options), { members: 0, draws: "same", key: randomKey(0) })).toThrow(
      "members: found 0, expected an integer >= 1",
    );
  });
});

describe("cloneEnsemble", () => {
  it("goes on from a checkpoint byte for byte, and tells the mean of the members' losses", async () => {
    const options = { ...optionsFor("gaussian"), checkpointEvery: 20 };
    const kept: Parameters<NonNullable<CloneEnsembleOptions["onCheckpoint"]>>[0][] = [];
    const losses: number[] = [];
    const whole = await cloneEnsemble({
      ...options,
      onCheckpoint: (snapshot) => void kept.push(snapshot),
      onProgress: ({ loss }) => void losses.push(loss),
    });
    const again = await cloneEnsemble({ ...options, from: kept[0] });
    expect(again.parameters).toEqual(whole.parameters);
    // the same once more, by hand: its draws come from stream 3 of the seed
    const key = foldIn(randomKey(options.seed), 3);
    const problem = ensembleProblem(cloning(options), { members: 3, draws: "bootstrap", key });
    const { optimizer, batchSize, seed } = options;
    const trainer = await createTrainer({ problem, optimizer, batchSize, seed, runtime });
    const sums = await trainer.advance(20);
    await trainer.close();
    expect(losses).toHaveLength(2);
    expect(losses[0]).toBeCloseTo(sums.reduce((total, loss) => total + loss, 0) / 20 / 3, 6);
  });
});

describe("openEnsemble", () => {
  it.each(["l2", "gmm", "diffusion"] as const)(
    "plans what its members plan, and acts by their mean: %s",
    async (head) => {
      const options = optionsFor(head);
      const spec = policySpec(options);
      const parameters = initialise(
        ensembleProblem(cloning(options), { members: 3, draws: "same", key: randomKey(0) }).parameters,
        randomKey(5),
      );
      const ensemble = { spec, members: 3, parameters };
      const actor = await openEnsemble(runtime, ensemble, { batch: 4 });
      const stream = randomStream(randomKey(6));
      const rows = 6;
      const histories = Float32Array.from({ length: rows * 2 * 3 }, () => stream.normal());
      const keys = Array.from({ length: rows }, (_, row) => foldIn(randomKey(8), row));
      const each = await actor.planEach(histories, keys);
      const size = rows * 4 * 2;
      expect(each.length).toBe(3 * size);
      for (let k = 0; k < 3; k++) {
        const member = await openPolicy(runtime, exportPolicy(memberOf(ensemble, k), { batch: 4 }));
        const expected = await member.plan(
          histories,
          keys.map((key) => foldIn(key, k)),
        );
        await member.close();
        expected.forEach((value, i) => {
          expect(each[k * size + i]).toBeCloseTo(value, 5);
        });
      }
      const mean = await actor.plan(histories, keys);
      mean.forEach((value, i) => {
        expect(value).toBeCloseTo((each[i] + each[size + i] + each[2 * size + i]) / 3, 5);
      });
      expect(actor).toMatchObject({ name: `${head} x 3`, controller: "policy", members: 3, horizons });
      await actor.close();
      expect(() => memberOf(ensemble, 3)).toThrow("member: found 3, expected an integer from 0 to 2");
    },
  );
});
