import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import {
  adam,
  adamw,
  checkOptimizer,
  emaDecay,
  exactScalars,
  learningRate,
  type OptimizerRecipe,
  powerEma,
  SCALAR_COUNT,
  SCALARS,
  type Schedule,
  sgd,
  stateNames,
  stepScalars,
} from "../../src/optim/index.ts";

const constant = { kind: "constant", rate: 0.01 } as const;

/** Expects agreement to the ten significant digits that ALGORITHMS.md section 11 prints. */
const expectDigits = (found: number, expected: number) =>
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(6e-10 * Math.abs(expected) + 1e-22);

describe("schedules", () => {
  it("repeats diffusers' cosine up to N and stays at 0 after it", () => {
    const schedule: Schedule = { kind: "cosine", rate: 1e-4, warmup: 500, total: 10000 };
    // ALGORITHMS.md 11.7, diffusers' get_cosine_schedule_with_warmup
    const reference = [
      [0, 0],
      [1, 2e-7],
      [250, 5e-5],
      [499, 9.98e-5],
      [500, 1e-4],
      [501, 9.999999727e-5],
      [2500, 8.945702547e-5],
      [5250, 5e-5],
      [7625, 1.464466094e-5],
      [9999, 2.733962412e-12],
      [10000, 0],
    ];
    for (const [update, rate] of reference) expectDigits(learningRate(schedule, update), rate);
    // There diffusers rises again (1.054297453e-5 at 12000); ours is clamped.
    for (const update of [10001, 12000, 1e12]) expect(learningRate(schedule, update)).toBe(0);
  });

  it("repeats openpi's cosine to a final rate", () => {
    const schedule: Schedule = { kind: "cosine-to-final", rate: 2.5e-5, final: 2.5e-6, warmup: 1000, total: 30000 };
    // ALGORITHMS.md 11.7, openpi
    const reference = [
      [0, 2.497502498e-8],
      [500, 1.251248751e-5],
      [999, 2.497502498e-5],
      [1000, 2.5e-5],
      [15500, 1.375e-5],
      [30000, 2.5e-6],
      [40000, 2.5e-6],
    ];
    for (const [update, rate] of reference) expectDigits(learningRate(schedule, update), rate);
  });

  it("warms up linearly from 0 and then stays", () => {
    const schedule: Schedule = { kind: "linear-warmup", rate: 0.2, warmup: 4 };
    // rate·k/warmup: 0, 0.05, 0.1, 0.15, then the rate
    expect([0, 1, 2, 3, 4, 5, 1e9].map((k) => learningRate(schedule, k))).toEqual([
      0,
      0.05,
      0.1,
      expect.closeTo(0.15, 15),
      0.2,
      0.2,
      0.2,
    ]);
    expect(learningRate({ ...schedule, warmup: 0 }, 0)).toBe(0.2);
    expect(learningRate(constant, 7)).toBe(0.01);
  });

  it("never leaves [0, rate], even with total below warmup", () => {
    const count = fc.integer({ min: 0, max: 1e6 });
    fc.assert(
      fc.property(count, count, count, fc.double({ min: 0, max: 1, noNaN: true }), (update, warmup, total, share) => {
        const rate = 3e-4;
        const schedules: Schedule[] = [
          { kind: "linear-warmup", rate, warmup },
          { kind: "cosine", rate, warmup, total },
          { kind: "cosine-to-final", rate, final: share * rate, warmup, total },
        ];
        for (const schedule of schedules) {
          expect(learningRate(schedule, update)).toBeGreaterThanOrEqual(0);
          expect(learningRate(schedule, update)).toBeLessThanOrEqual(rate * (1 + 1e-15));
        }
      }),
    );
  });
});

describe("EMA decay", () => {
  it("reads the counter before it increments, as diffusion_policy", () => {
    // ALGORITHMS.md 11.7, update calls 1, 2, …: call n is update n - 1
    const reference = [
      [1, 0],
      [2, 0],
      [3, 0.4053964425],
      [4, 0.5613086623],
      [5, 0.6464466094],
      [11, 0.822172059],
      [101, 0.9683772234],
      [1001, 0.9943765867],
      [10001, 0.999],
      [100001, 0.9998221721],
      [300001, 0.9999],
    ];
    for (const [call, decay] of reference) expectDigits(emaDecay(powerEma, call - 1), decay);
  });

  it("starts after updateAfter, respects minimum and maximum, and can be constant", () => {
    const late = { ...powerEma, updateAfter: 10, minimum: 0.5, maximum: 0.6 };
    // s = update - 10 - 1 is 0 at update 11 (decay 0 whatever the minimum), 1 at 12 (0.405 raised to 0.5), large later
    expect([0, 11, 12, 1000].map((update) => emaDecay(late, update))).toEqual([0, 0, 0.5, 0.6]);
    // inverseGamma 2, power 1: 1 - 1/(1 + s/2) = 1/2 at s = 2
    expect(emaDecay({ ...powerEma, inverseGamma: 2, power: 1 }, 3)).toBe(0.5);
    expect(emaDecay({ kind: "constant", decay: 0.995 }, 0)).toBe(0.995);
  });
});

describe("scalars", () => {
  it("are laid out as SCALARS says", () => {
    expect(Object.values(SCALARS)).toEqual([0, 1, 2, 3, 4]);
    const recipe = adamw({ schedule: constant, weightDecay: 0.1, ema: { kind: "constant", decay: 0.75 } });
    const scalars = exactScalars(recipe, 1);
    expect(scalars).toHaveLength(SCALAR_COUNT);
    // t = 2: 1 - 0.9² = 0.19, 1 - 0.999² = 0.001999
    expect(scalars[SCALARS.rate]).toBe(0.01);
    expect(scalars[SCALARS.stepSize]).toBeCloseTo((0.01 * Math.sqrt(0.001999)) / 0.19, 15);
    expect(scalars[SCALARS.epsilon]).toBeCloseTo(1e-8 * Math.sqrt(0.001999), 20);
    expect(scalars[SCALARS.keep]).toBeCloseTo(0.999, 15);
    expect(scalars[SCALARS.averageWeight]).toBe(0.25);
    expect(stepScalars(recipe, 1)).toEqual(Float32Array.from(scalars));
  });

  it("keep, average weight and epsilon are neutral where the recipe does not use them", () => {
    // Coupled weight decay is not in `keep`.
    expect([...exactScalars(adam({ schedule: constant, weightDecay: 0.1 }), 0)].slice(3)).toEqual([1, 1]);
    expect([...exactScalars(sgd({ schedule: constant, weightDecay: 0.1 }), 5)]).toEqual([0.01, 0.01, 0, 1, 1]);
  });

  it("tend to the plain rate for very large update numbers", () => {
    for (const update of [1e7, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect([...exactScalars(adam({ schedule: constant }), update)]).toEqual([0.01, 0.01, 1e-8, 1, 1]);
    }
  });

  it("are the same from a recipe that went through JSON", () => {
    const recipe = adamw({
      schedule: { kind: "cosine", rate: 1e-4, warmup: 5, total: 50 },
      clipNorm: 1,
      ema: powerEma,
    });
    const read = JSON.parse(JSON.stringify(recipe)) as OptimizerRecipe;
    expect(read).toEqual(recipe);
    expect(exactScalars(read, 17)).toEqual(exactScalars(recipe, 17));
  });

  it("refuse an update number that is not a whole number ≥ 0", () => {
    for (const update of [-1, 0.5, Number.NaN])
      expect(() => exactScalars(sgd({ schedule: constant }), update)).toThrow(RangeError);
  });
});

describe("recipes", () => {
  it("fill in PyTorch's defaults and say what must be remembered", () => {
    expect(adam({ schedule: constant })).toEqual({
      ...{ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      schedule: constant,
    });
    expect(adamw({ schedule: constant, beta1: 0.95 })).toMatchObject({ kind: "adamw", beta1: 0.95, weightDecay: 0.01 });
    expect(stateNames(sgd({ schedule: constant }))).toEqual([]);
    expect(stateNames(sgd({ schedule: constant, momentum: 0.9 }))).toEqual(["firstMoment"]);
    expect(stateNames(adam({ schedule: constant, ema: powerEma }))).toEqual(["firstMoment", "secondMoment", "average"]);
  });

  it("are checked field by field, in one line that names the field", () => {
    const good = adamw({ schedule: { kind: "cosine", rate: 1e-4, warmup: 5, total: 50 }, clipNorm: 1, ema: powerEma });
    checkOptimizer(good);
    checkOptimizer(sgd({ schedule: { kind: "linear-warmup", rate: 1, warmup: 0 }, momentum: 0.9 }));
    checkOptimizer(adam({ schedule: constant, ema: { kind: "constant", decay: 0.99 } }));
    const bad: [unknown, string][] = [
      [{ ...good, kind: "lion" }, 'optimizer.kind: found "lion", expected sgd, adam, adamw'],
      [null, "optimizer.kind: found undefined"],
      [{ ...good, beta1: 1 }, "optimizer.beta1: found 1, expected a number from 0 to below 1"],
      [{ ...good, beta2: "0.9" }, 'optimizer.beta2: found "0.9"'],
      [{ ...good, epsilon: 0 }, "optimizer.epsilon: found 0"],
      [{ ...good, weightDecay: -1 }, "optimizer.weightDecay: found -1"],
      [{ ...good, clipNorm: 0 }, "optimizer.clipNorm: found 0"],
      [{ ...sgd({ schedule: constant }), momentum: 1 }, "optimizer.momentum: found 1"],
      [{ ...good, schedule: { kind: "step" } }, 'optimizer.schedule.kind: found "step", expected constant,'],
      [{ ...good, schedule: { kind: "constant" } }, "optimizer.schedule.rate: found undefined"],
      [
        { ...good, schedule: { ...good.schedule, warmup: 0.5 } },
        "optimizer.schedule.warmup: found 0.5, expected a whole",
      ],
      [{ ...good, ema: { kind: "fast" } }, 'optimizer.ema.kind: found "fast", expected power, constant'],
      [
        { ...good, ema: { ...powerEma, maximum: 1.5 } },
        "optimizer.ema.maximum: found 1.5, expected a number from 0 to 1",
      ],
      [{ ...good, ema: { kind: "constant", decay: -0.1 } }, "optimizer.ema.decay: found -0.1"],
    ];
    for (const [recipe, message] of bad) {
      expect(() => checkOptimizer(recipe as OptimizerRecipe)).toThrow(InputError);
      expect(() => checkOptimizer(recipe as OptimizerRecipe)).toThrow(message);
    }
  });
});
