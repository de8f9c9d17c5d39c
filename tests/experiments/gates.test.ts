import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { wilson } from "../../src/base/index.ts";
import { pooledRate } from "../../src/experiments/cells.ts";
import { inTimeOnly, OURS, work } from "../../src/experiments/gates/cell.ts";
import { type GatedLine, gatedSections, successAt } from "../../src/experiments/gates/gated-report.ts";
import { detectorSections, meanOfParts } from "../../src/experiments/gates/report.ts";
import { type Cell, detectorsCell } from "../../src/experiments/gates/settings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-gates-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const context = { report: () => {}, signal: new AbortController().signal };
const named = (cell: string, rows: readonly object[]) => rows.map((row) => ({ cell, ...row }));

describe("what rows say together", () => {
  it("means of parts have the standard error of a mean of independent parts", () => {
    const parts = [
      { value: 0.8, low: 0.7, high: 0.9 },
      { value: 0.6, low: 0.4, high: 0.8 },
    ];
    const { mean, low, high } = meanOfParts(parts);
    expect(mean).toBeCloseTo(0.7, 12);
    // half widths 0.1 and 0.2: √(0.1² + 0.2²) / 2
    expect(high - mean).toBeCloseTo(Math.sqrt(0.05) / 2, 12);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  it("rates are pooled by their counts", () => {
    expect(pooledRate([wilson(3, 10), wilson(9, 30)])).toEqual(wilson(12, 40));
  });

  it("before no return: readings up to it, the first at least; successes keep all", () => {
    const episode = { failed: true, length: 9, readings: [1, 2, 3], steps: [0, 4, 8] };
    expect(inTimeOnly({ ...episode, irreversible: 8 }).readings).toEqual([1, 2]);
    expect(inTimeOnly({ ...episode, irreversible: 0 }).steps).toEqual([0]);
    expect(inTimeOnly({ ...episode, irreversible: null })).toEqual({ ...episode, irreversible: null });
  });

  it("success at a cost lies between the rounds, and nowhere beyond them", () => {
    const line = (expertSteps: number, rate: number) => ({ expertSteps, success: { rate, n: 10 } }) as GatedLine;
    const rounds = [line(100, 0.2), line(300, 0.6)];
    const steps = ({ expertSteps }: GatedLine) => expertSteps;
    expect(successAt(rounds, 100, steps)).toBe(0.2);
    // a quarter of the way
    expect(successAt(rounds, 150, steps)).toBeCloseTo(0.3, 12);
    expect(successAt(rounds, 301, steps)).toBeNull();
    expect(successAt(rounds, 99, steps)).toBeNull();
  });
});

describe("cells in small", () => {
  it("judge every detector on the same episodes, ours without a difference from itself", async () => {
    const small = { demonstrations: 3, own: 20, calibration: 20, judged: 40, thoroughness: 0.05 };
    const rows = await work().run({ ...detectorsCell("driving-urgent", 50), ...small }, context);
    expect(rows).toHaveLength(11);
    expect(new Set(rows.map(({ failures }) => failures)).size).toBe(1);
    const ours = rows.find(({ detector }) => detector === OURS);
    expect(ours).toMatchObject({ oursLess: { difference: 0 }, saw: "own episodes, forks" });
    expect(ours?.simulated).toBeGreaterThan(0);
    const [section] = detectorSections(named("detectors/driving/50", rows));
    expect(section.tables?.map((table) => table.rows.length)).toEqual([11, 11]);
  }, 120_000);

  it("correct a policy where a gate asks, and go on where they were stopped", async () => {
    const cell: Cell = {
      kind: "gated",
      algorithm: "random",
      alpha: 0.3,
      seed: 50,
      episodes: 4,
      run: join(scratch, "random"),
      thoroughness: 0.02,
    };
    const rows = await work().run(cell, context);
    expect(rows.map(({ round }) => round)).toEqual([0, 1, 2, 3, 4]);
    const steps = rows.map(({ expertSteps }) => expertSteps as number);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(await work().run(cell, context)).toEqual(rows);
    const [section] = gatedSections(named("gated/random/0.3/50", rows));
    expect(section.tables?.[0].rows).toHaveLength(1);
  }, 120_000);
});
