import { describe, expect, it } from "vitest";
// The problem behind `trainRisk` is no part of the door.
import { riskProblem } from "../../src/algorithms/gates/risk.ts";
import {
  distillationNovelty,
  type Ending,
  lazyDagger,
  lazyTolerance,
  safeDagger,
  thriftyRisk,
  trainClassifier,
  trainDistillation,
  trainRisk,
  unsafeStates,
} from "../../src/algorithms/index.ts";
import { mapLeaves, randomKey, randomStream } from "../../src/base/index.ts";
import { auroc } from "../../src/evaluation/index.ts";
import { initialise } from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { constant, interpret, program } from "../../src/tensor/index.ts";
import { momentsOf, specOf } from "./moments.ts";

const runtime = nodeRuntime();
const uniforms = (count: number, seed: number) => {
  const stream = randomStream(randomKey(seed));
  return Float32Array.from({ length: count }, () => 2 * stream.uniform() - 1);
};

describe("the classifier of unsafe states", () => {
  const action = { scale: Float32Array.of(0.5), offset: Float32Array.of(0) };
  const spec = specOf({ observationSize: 2, action });

  it("calls unsafe where the normalised actions differ by more than the tolerance", () => {
    const states = {
      histories: new Float32Array(6),
      proposed: Float32Array.of(1, 1, 1),
      labels: Float32Array.of(1.2, 1.5, 3),
    };
    // (0.2 · 0.5)² = 0.01, 0.0625, 1
    expect([...unsafeStates(spec, states, 0.02)]).toEqual([0, 1, 1]);
    expect([...unsafeStates(spec, states, 0.0625)]).toEqual([0, 0, 1]);
    // LazyDAgger: 0.008 Σ (high - low)², of two actions in [-1, 1]
    expect(lazyTolerance(2)).toBeCloseTo(0.008 * (2 ** 2 + 2 ** 2), 12);
  });

  it("learns where the policy is wrong, and how often where that cannot be seen", async () => {
    const count = 2000;
    const histories = uniforms(2 * count, 1);
    const stream = randomStream(randomKey(2));
    const at = (row: number) => histories[2 * row];
    // where x > 0 the policy is wrong when its action is above 0; elsewhere in 3 of 10, whatever is seen
    const proposed = uniforms(count, 3);
    const wrong = Array.from({ length: count }, (_, row) => (at(row) > 0 ? proposed[row] > 0 : stream.uniform() < 0.3));
    const labels = proposed.map((own, row) => own + (wrong[row] ? 1 : 0));
    const states = { histories, proposed, labels };
    const classifier = await trainClassifier(spec, states, {
      runtime,
      seed: 5,
      updates: 400,
      hidden: [32, 32],
      tolerance: 0.1,
    });
    expect(classifier.unsafe).toBe(wrong.filter(Boolean).length / count);
    const score = await safeDagger(runtime, classifier, { batch: 16 });
    expect(score).toMatchObject({ readings: ["unsafe"], asksExpert: "never" });
    const asked = 300;
    const fresh = { histories: uniforms(2 * asked, 7), chunks: uniforms(asked, 8) };
    const unsafe = await score.read(momentsOf({ places: Array(asked).fill(0), ...fresh }));
    await score.close();
    let [right, seen, sum, unseen] = [0, 0, 0, 0];
    unsafe.forEach((probability, row) => {
      const [x, planned] = [fresh.histories[2 * row], fresh.chunks[row]];
      if (x > 0.1 && Math.abs(planned) > 0.1) {
        seen += 1;
        right += Number(probability > 0.5 === planned > 0);
      } else if (x < -0.1) {
        unseen += 1;
        sum += probability;
      }
    });
    expect(right / seen).toBeGreaterThan(0.97);
    expect(Math.abs(sum / unseen - 0.3)).toBeLessThan(0.07);
  });

  it("hands back by the true discrepancy, where the expert says what it does", async () => {
    const states = { histories: uniforms(40, 1), proposed: uniforms(20, 2), labels: uniforms(20, 3) };
    const classifier = await trainClassifier(spec, states, { runtime, seed: 1, updates: 2, hidden: [4] });
    const [safe, lazy] = [await safeDagger(runtime, classifier), await lazyDagger(runtime, classifier)];
    const moments = momentsOf({
      places: [0, 0],
      histories: Float32Array.of(0.1, 0.2, 0.3, 0.4),
      chunks: Float32Array.of(1, 2),
      expert: Float32Array.of(Number.NaN, 5),
    });
    const [unsafe, both] = [await safe.read(moments), await lazy.read(moments)];
    // (2 - 5)² · 0.5²
    expect([...both]).toEqual([unsafe[0], Number.NaN, unsafe[1], 2.25]);
    expect([...(await lazy.read({ ...moments, expert: null }))]).toEqual([
      unsafe[0],
      Number.NaN,
      unsafe[1],
      Number.NaN,
    ]);
    expect(lazy).toMatchObject({ readings: ["unsafe", "discrepancy"], asksExpert: "driving" });
    await safe.close();
    await lazy.close();
  });

  it("refuses arrays of other numbers of states", async () => {
    const states = { histories: new Float32Array(5), proposed: new Float32Array(2), labels: new Float32Array(2) };
    await expect(trainClassifier(spec, states, { runtime, seed: 0, updates: 1 })).rejects.toThrow(
      "histories: found 5 numbers, expected 2 x 2",
    );
  });
});

describe("the risk", () => {
  const spec = specOf();
  /**
   * A walk over the states -1, -0.5, 0, 0.5, 1: the action 1 leads to the next, and from the last to success; the action -1
   * falls off at once. The policy always takes 1, so that Q(s, 1) = γ^(steps to the last) and Q(s, -1) = 0.
   */
  const states = [-1, -0.5, 0, 0.5, 1];
  const episodes: { states: number[]; actions: number[]; ending: Ending }[] = [
    ...states.map((_, first) => ({
      states: states.slice(first),
      actions: states.slice(first).map(() => 1),
      ending: "success" as const,
    })),
    ...states.map((state) => ({ states: [state], actions: [-1], ending: "failure" as const })),
  ];
  const experienceOf = (all: typeof episodes) => {
    const length = all.reduce((sum, episode) => sum + episode.states.length, 0);
    let end = 0;
    return {
      histories: Float32Array.from(all.flatMap((episode) => episode.states)),
      actions: Float32Array.from(all.flatMap((episode) => episode.actions)),
      policyActions: new Float32Array(length).fill(1),
      episodeEnds: Int32Array.from(all, (episode) => {
        end += episode.states.length;
        return end;
      }),
      endings: all.map(({ ending }) => ending),
    };
  };

  it("learns the discounted probability of success under the policy", async () => {
    const discount = 0.8;
    const model = await trainRisk(spec, experienceOf(episodes), {
      ...{ runtime, seed: 3, updates: 6000, batchSize: 32, hidden: [32, 32], learningRate: 1e-3, discount },
    });
    const score = await thriftyRisk(runtime, model, { batch: 8 });
    const asked = [...states, ...states];
    const chunks = Float32Array.from(asked, (_, i) => (i < 5 ? 1 : -1));
    const risk = await score.read(
      momentsOf({ places: Array(10).fill(0), histories: Float32Array.from(asked), chunks }),
    );
    await score.close();
    expect(score).toMatchObject({ readings: ["risk"], asksExpert: "never" });
    states.forEach((_, i) => {
      expect(Math.abs(risk[i] - (1 - discount ** (4 - i)))).toBeLessThan(0.04);
      expect(risk[5 + i]).toBeGreaterThan(0.96);
    });
  });

  it("has the loss of its equation", () => {
    const experience = experienceOf(episodes);
    experience.policyActions.set(uniforms(experience.policyActions.length, 4));
    const problem = riskProblem(spec, experience, { hidden: [3], discount: 0.9, successShare: 0 });
    const [online, targets] = [
      initialise(problem.parameters, randomKey(1)),
      initialise(problem.parameters, randomKey(2)),
    ];
    const tensors = (values: typeof online) =>
      mapLeaves(values, (data, path) => constant(data, problem.parameters[path].shape));
    const columns = mapLeaves(problem.columns, ({ data, shape, dtype }) =>
      constant(data as Float32Array, shape, dtype),
    );
    const lossOf = (example: number) => {
      const examples = constant([example], [1], "int32");
      const key = constant([0, 0], [2], "uint32");
      const loss = problem.loss({ parameters: tensors(online), average: tensors(targets), columns, examples, key });
      return interpret(program([], { loss }), {}).loss.data[0];
    };
    const q = (values: typeof online, twin: number, x: number[]) => {
      const [w, b, v, c] = ["0.weight", "0.bias", "2.weight", "2.bias"].map((path) => values[`${twin}.${path}`]);
      const z = Array.from(b).reduce(
        (sum, own, i) => sum + v[i] * Math.max(0, own + w[2 * i] * x[0] + w[2 * i + 1] * x[1]),
        c[0],
      );
      return 1 / (1 + Math.exp(-z));
    };
    const rows = problem.columns.rows.data;
    expect(problem.exampleCount).toBe(20);
    rows.forEach((row, example) => {
      const { histories, actions, policyActions, episodeEnds, endings } = experience;
      const episode = episodeEnds.findIndex((end) => row < end);
      const isLast = episodeEnds[episode] === row + 1;
      const next = [histories[row + 1], policyActions[row + 1]];
      const later = isLast ? 0 : 0.9 * Math.min(q(targets, 0, next), q(targets, 1, next));
      const target = (isLast && endings[episode] === "success" ? 1 : 0) + later;
      const here = [histories[row], actions[row]];
      const expected = (q(online, 0, here) - target) ** 2 + (q(online, 1, here) - target) ** 2;
      expect(lossOf(example)).toBeCloseTo(expected, 6);
    });
  });

  it("leaves out the last step of an episode that the clock ended, and sees enough of successes", () => {
    const open = experienceOf([
      { states: [0, 0.1, 0.2], actions: [1, 1, 1], ending: "open" },
      { states: [0.3, 0.4], actions: [1, 1], ending: "success" },
    ]);
    const drawn = (successShare: number) =>
      [...riskProblem(spec, open, { hidden: [3], discount: 0.9, successShare }).columns.rows.data].sort();
    expect(drawn(0)).toEqual([0, 1, 3, 4]);
    // three others: at least half of the examples are successes
    expect(drawn(0.5)).toEqual([0, 1, 3, 4, 4, 4]);
    const nothing = experienceOf([{ states: [0], actions: [1], ending: "open" }]);
    expect(() => riskProblem(spec, nothing, { hidden: [3], discount: 0.9, successShare: 0.1 })).toThrow("no step");
    expect(() =>
      riskProblem(spec, { ...open, endings: [] }, { hidden: [3], discount: 0.9, successShare: 0.1 }),
    ).toThrow("found 0 endings, expected 2");
  });
});

describe("distillation", () => {
  it("knows what it has learned from what it has not, and adds up over its window", async () => {
    const spec = specOf({ observationSize: 3 });
    const known = uniforms(3 * 2000, 1);
    const distilled = await trainDistillation(spec, known, { runtime, seed: 2, updates: 600, hidden: [32, 32] });
    const score = await distillationNovelty(runtime, distilled);
    const count = 200;
    const asked = Float32Array.of(
      ...uniforms(3 * count, 3),
      ...uniforms(3 * count, 4).map((x) => x + 2 * Math.sign(x)),
    );
    const moments = momentsOf({ places: Array(2 * count).fill(0), histories: asked });
    const novelty = await score.read(moments);
    await score.close();
    expect(auroc(novelty.subarray(count), novelty.subarray(0, count)).auroc).toBeGreaterThan(0.95);
    expect(score).toMatchObject({ readings: ["novelty"], asksExpert: "never" });
    const summed = await distillationNovelty(runtime, distilled, { window: 2 });
    for (let i = 0; i < 2; i++) await summed.read(moments);
    const third = await summed.read(moments);
    await summed.close();
    third.forEach((sum, row) => {
      expect(sum).toBeCloseTo(2 * novelty[row], 5);
    });
  });
});
