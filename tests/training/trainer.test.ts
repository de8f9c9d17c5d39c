import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { type Progress, type Trainer, type TrainingSnapshot, train } from "../../src/training/index.ts";
import { regression } from "./problems.ts";
import {
  drawnExamples,
  expectSameBytes,
  expectSameState,
  inGraph,
  kernel,
  spyRuntime,
  trained,
  trainerOf,
} from "./steppers.ts";

const PLANS = [inGraph(10), kernel];

/** Runs `work` with a trainer and closes it. */
async function withTrainer<Result>(opening: Promise<Trainer>, work: (trainer: Trainer) => Promise<Result>) {
  const trainer = await opening;
  try {
    return await work(trainer);
  } finally {
    await trainer.close();
  }
}

describe.each(PLANS)("a run, $path", (plan) => {
  it("taken up again equals the uninterrupted one byte for byte", async () => {
    const whole = await trained(plan, 60);
    const first = await trained(plan, 23);
    // What is taken up has been through a file: JSON keeps float32 numbers.
    const rest = await trained(plan, 37, { from: throughFile(first.snapshot) });
    expectSameBytes({ losses: Float32Array.of(...first.losses, ...rest.losses), snapshot: rest.snapshot }, whole);
    // The run's own plan goes before another one that is asked for.
    expect(rest.snapshot.plan).toEqual(plan);
    const other = await trained(inGraph(3), 0, { from: first.snapshot });
    expect(other.snapshot.plan).toEqual(plan);
  });

  it("with one seed is the same to the byte, with another it differs in parameters, order and noise", async () => {
    const one = await trained(plan, 20);
    expectSameBytes(await trained(plan, 20), one);
    const other = await trained(plan, 20, { seed: 8 });
    expect(other.losses).not.toEqual(one.losses);
    const [a, b] = await Promise.all([7, 8].map((seed) => trained(plan, 0, { seed })));
    expect(a.snapshot.state.parameter).not.toEqual(b.snapshot.state.parameter);
    // From one and the same start only order and noise are left; with noise alone the order cannot explain it.
    const problem = regression({ noise: 0.1, exampleCount: 1 });
    const start = { problem, from: { ...a.snapshot } };
    const noises = await Promise.all([7, 8].map((seed) => trained(plan, 3, { ...start, seed })));
    expect(noises[0].losses).not.toEqual(noises[1].losses);
  });

  it("draws fresh noise in every update, and in every accumulated batch", async () => {
    // One example and a rate of 0: only the noise can change the loss. Two batches of one key would have the mean of one.
    const optimizer = sgd({ schedule: { kind: "constant", rate: 0 } });
    const options = { optimizer, problem: regression({ noise: 0.1, exampleCount: 1 }), batchSize: 1 };
    const { losses } = await trained(plan, 20, options);
    expect(new Set(losses).size).toBe(20);
    const doubled = await trained(plan, 20, { ...options, accumulate: 2 });
    expect(new Set(doubled.losses).size).toBe(20);
    expect(deviation(doubled.losses)).toBeLessThan(deviation(losses));
  });

  it("with two threads is the same to the byte as itself", async () => {
    const options = { runtime: nodeRuntime({ threads: 2 }), problem: regression({ sizes: [3, 64, 2] }), batchSize: 64 };
    expectSameBytes(await trained(plan, 20, options), await trained(plan, 20, options));
  });

  it("does not touch a snapshot, nor what parameters() gave, nor the snapshot it started from", async () => {
    await withTrainer(trainerOf(plan), async (trainer) => {
      await trainer.advance(5);
      const snapshot = trainer.snapshot();
      const copy = throughFile(snapshot);
      const parameters = trainer.parameters();
      expect(parameters).toEqual(snapshot.state.average);
      await trainer.advance(10);
      expectSameState(snapshot, copy);
      expect(parameters).toEqual(copy.state.average);
      await trained(plan, 10, { from: snapshot });
      expectSameState(snapshot, copy);
      expect(trainer.update).toBe(15);
    });
  });

  it("gives the parameters themselves where there is no average", async () => {
    const optimizer = sgd({ schedule: { kind: "constant", rate: 0.01 } });
    await withTrainer(trainerOf(plan, { optimizer }), async (trainer) => {
      await trainer.advance(3);
      expect(trainer.parameters()).toEqual(trainer.snapshot().state.parameter);
    });
  });

  it("can be saved at any moment, also while it is at work", async () => {
    const whole = await trained(plan, 60);
    const snapshots: TrainingSnapshot[] = [];
    await withTrainer(trainerOf(plan), async (trainer) => {
      const timer = setInterval(() => snapshots.push(trainer.snapshot()), 0);
      await trainer.advance(30);
      const immediate = { going: true };
      const often = () => {
        snapshots.push(trainer.snapshot());
        if (immediate.going) setImmediate(often);
      };
      setImmediate(often);
      await trainer.advance(30);
      immediate.going = false;
      clearInterval(timer);
    });
    const between = snapshots.filter(({ update }) => update > 30 && update < 60);
    expect(between.length).toBeGreaterThan(0);
    for (const from of [between[0], between[between.length - 1]]) {
      const rest = await trained(plan, 60 - from.update, { from });
      expectSameState(rest.snapshot, whole.snapshot);
    }
  });

  it("is left to one caller at a time", async () => {
    await withTrainer(trainerOf(plan), async (trainer) => {
      const first = trainer.advance(10);
      await expect(trainer.advance(1)).rejects.toThrow("still at work");
      await first;
      await trainer.advance(1);
      expect(trainer.update).toBe(11);
    });
  });

  it("refuses a state of another network or optimizer", async () => {
    const { snapshot } = await trained(plan, 2);
    const wider = trainerOf(plan, { problem: regression({ sizes: [3, 17, 2] }), from: snapshot });
    await expect(wider).rejects.toThrow(
      new InputError('state to go on from: parameter "0.weight" has 48 numbers, expected 51'),
    );
    const { average: _, ...state } = snapshot.state;
    await expect(trainerOf(plan, { from: { ...snapshot, state } })).rejects.toThrow(
      'state to go on from: average "0.weight" has no numbers, expected 48',
    );
  });
});

function deviation(values: Float32Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
}

/** A snapshot as it comes back from a file. */
function throughFile(snapshot: TrainingSnapshot): TrainingSnapshot {
  return structuredClone(snapshot);
}

describe.each(PLANS)("train, $path", (plan) => {
  /** `train` to 60 updates with the given options, then what the trainer holds. */
  const run = (trainer: Trainer, options: Partial<Parameters<typeof train>[1]> = {}) =>
    train(trainer, { updates: 60, reportEvery: 10, ...options });

  it("reports, saves and ends where it was told to, and gives what advance gives", async () => {
    const whole = await trained(plan, 60);
    await withTrainer(trainerOf(plan), async (trainer) => {
      const reports: Progress[] = [];
      const saved: number[] = [];
      await run(trainer, {
        onProgress: (progress) => void reports.push(progress),
        checkpointEvery: 25,
        onCheckpoint: ({ update }) => void saved.push(update),
      });
      expectSameState(trainer.snapshot(), whole.snapshot);
      expect(saved).toEqual([25, 50]);
      expect(reports.map(({ update }) => update)).toEqual([10, 20, 25, 35, 45, 50, 60]);
      const mean = whole.losses.slice(0, 10).reduce((total, loss) => total + loss, 0) / 10;
      expect(reports[0].loss).toBeCloseTo(mean, 12);
      for (const { rate, updates } of reports) {
        expect(rate).toBeGreaterThan(0);
        expect(updates).toBe(60);
      }
    });
  });

  it("stops by a signal and can go on", async () => {
    const whole = await trained(plan, 60);
    await withTrainer(trainerOf(plan), async (trainer) => {
      const stop = new AbortController();
      const onProgress = ({ update }: Progress) => {
        if (update === 20) stop.abort();
      };
      const saved: number[] = [];
      const onCheckpoint = ({ update }: Trainer) => void saved.push(update);
      await run(trainer, { signal: stop.signal, onProgress, checkpointEvery: 50, onCheckpoint });
      expect(trainer.update).toBe(20);
      // What was carried out since the last checkpoint is saved too.
      expect(saved).toEqual([20]);
      await run(trainer, { signal: stop.signal });
      expect(trainer.update).toBe(20);
      await run(trainer);
      expectSameState(trainer.snapshot(), whole.snapshot);
    });
  });

  it("pauses while a promise is pending, and a signal in the pause stops it", async () => {
    const whole = await trained(plan, 60);
    await withTrainer(trainerOf(plan), async (trainer) => {
      const gates = new Map<number, { readonly open: () => void; readonly wait: Promise<void> }>();
      for (const at of [20, 40]) {
        let open = () => {};
        const wait = new Promise<void>((resolve) => {
          open = resolve;
        });
        gates.set(at, { open, wait });
      }
      const stop = new AbortController();
      const running = run(trainer, { pause: () => gates.get(trainer.update)?.wait, signal: stop.signal });
      await settled(() => trainer.update === 20);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(trainer.update).toBe(20);
      gates.get(20)!.open();
      await settled(() => trainer.update === 40);
      stop.abort();
      gates.get(40)!.open();
      await running;
      expect(trainer.update).toBe(40);
      await run(trainer);
      expectSameState(trainer.snapshot(), whole.snapshot);
    });
  });

  it("lets the event loop have its turn between calls", async () => {
    await withTrainer(trainerOf(plan), async (trainer) => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const ticksAt: number[] = [];
      await run(trainer, { updates: 100, onProgress: () => void ticksAt.push(ticks) });
      clearInterval(timer);
      expect(ticksAt).toHaveLength(10);
      for (let call = 1; call < 10; call++) expect(ticksAt[call]).toBeGreaterThan(ticksAt[call - 1]);
    });
  });

  it("refuses counts that would never end", async () => {
    await withTrainer(trainerOf(plan), async (trainer) => {
      await expect(run(trainer, { reportEvery: 0 })).rejects.toThrow("reportEvery: found 0, expected 1 or more");
      await expect(run(trainer, { updates: Number.NaN })).rejects.toThrow("updates: found NaN");
      await expect(run(trainer, { checkpointEvery: 1.5 })).rejects.toThrow("checkpointEvery: found 1.5");
    });
  });
});

/** Waits until something holds. */
async function settled(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("train", () => {
  it("lets the event loop have its turn though the runtime never does", async () => {
    await withTrainer(trainerOf(kernel, { runtime: spyRuntime(() => {}) }), async (trainer) => {
      let turns = 0;
      const turnsAt: number[] = [];
      const onProgress = () => {
        turnsAt.push(turns);
        setImmediate(() => turns++);
      };
      await train(trainer, { updates: 50, reportEvery: 10, onProgress });
      expect(turnsAt).toEqual([0, 1, 2, 3, 4]);
    });
  });
});

describe("the order of examples", () => {
  it("visits each once in every epoch, whatever the batch, and batches may be larger than the data", async () => {
    const counts = fc.record({
      exampleCount: fc.integer({ min: 1, max: 40 }),
      batchSize: fc.integer({ min: 1, max: 60 }),
      accumulate: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(counts, async ({ exampleCount, ...options }) => {
        const problem = regression({ sizes: [1, 1], exampleCount });
        const perUpdate = options.batchSize * options.accumulate;
        const updates = Math.ceil((3 * exampleCount) / perUpdate);
        const batches = await drawnExamples(updates, { ...options, problem });
        expect(batches).toHaveLength(updates * options.accumulate);
        for (const batch of batches) expect(batch).toHaveLength(options.batchSize);
        const all = batches.flat();
        for (let epoch = 0; epoch < 3; epoch++) {
          const visited = all.slice(epoch * exampleCount, (epoch + 1) * exampleCount);
          expect(visited.sort((a, b) => a - b)).toEqual(Array.from({ length: exampleCount }, (_, index) => index));
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is another one in every epoch and for every seed, and the same for every way of drawing it", async () => {
    const problem = regression({ exampleCount: 30 });
    const order = async (options: object) => (await drawnExamples(2, { problem, batchSize: 30, ...options })).flat();
    const one = await order({});
    expect(one.slice(0, 30)).not.toEqual(one.slice(30));
    expect(await order({ seed: 8 })).not.toEqual(one);
    expect(await order({ batchSize: 10, accumulate: 3 })).toEqual(one);
    expect((await drawnExamples(12, { problem, batchSize: 5 })).flat()).toEqual(one);
  });
});
