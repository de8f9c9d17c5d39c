import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWatch, type GateRule, type Readings } from "../../src/rollouts/index.ts";

/** Whether the gate asks for help in each step, from its readings ("-" for none). */
function alarms(rule: GateRule, readings: readonly (number | "-")[]): string {
  const watch = createWatch(rule);
  return readings.map((doubt) => (watch.watch(doubt === "-" ? null : { doubt }) ? "A" : ".")).join("");
}

describe("createWatch", () => {
  it("asks for help while a reading is above the threshold, not at it", () => {
    expect(alarms({ thresholds: { doubt: 2 } }, [1, 2, 2.1, 3, 2, 5, 0])).toBe("..AA.A.");
  });

  it("goes on asking until a reading is no longer above the release", () => {
    expect(alarms({ thresholds: { doubt: 4 }, release: { doubt: 2 } }, [3, 5, 3, 2.5, 2, 3, 4, 5, 1])).toBe(
      ".AAA...A.",
    );
  });

  it("waits for as many readings in a row as it is patient, and forgets those before a lower one", () => {
    expect(alarms({ thresholds: { doubt: 1 }, patience: 3 }, [2, 2, 0, 2, 2, 2, 0, 2, 2, 2])).toBe(".....A...A");
    // Steps without a reading neither count nor break the row.
    expect(alarms({ thresholds: { doubt: 1 }, patience: 2 }, [2, "-", "-", 2, "-", 0])).toBe("...AA.");
  });

  it("lasts for the dwell at least, in steps, and then until a reading says so", () => {
    expect(alarms({ thresholds: { doubt: 1 }, dwell: 3 }, [2, 0, 0, 0, 0])).toBe("AAA..");
    expect(alarms({ thresholds: { doubt: 1 }, dwell: 3 }, [2, "-", "-", "-", "-", 0, 0])).toBe("AAAAA..");
    expect(alarms({ thresholds: { doubt: 1 }, dwell: 1 }, [2, 0, 2, 0])).toBe("A.A.");
    // After the dwell it begins anew, patience included.
    expect(alarms({ thresholds: { doubt: 1 }, dwell: 2, patience: 2 }, [2, 2, 0, 0, 2, 2])).toBe(".AA..A");
  });

  it("heeds any or all of several readings", () => {
    const series: Readings[] = [
      { doubt: 0, risk: 0, other: 9 },
      { doubt: 2, risk: 0, other: 9 },
      { doubt: 2, risk: 3, other: 9 },
      { doubt: 0, risk: 3, other: 9 },
      { doubt: 0, risk: 0, other: 9 },
    ];
    const marks = (combine: "any" | "all" | undefined) => {
      const watch = createWatch({ thresholds: { doubt: 1, risk: 2 }, combine });
      return series.map((readings) => (watch.watch(readings) ? "A" : ".")).join("");
    };
    expect(marks("any")).toBe(".AAA.");
    expect(marks(undefined)).toBe(".AAA.");
    expect(marks("all")).toBe("..A..");
  });

  it("lets go by another reading than it was alarmed by, once there is one", () => {
    // LazyDAgger: a guess alarms, the true discrepancy, known while the expert drives, ends it.
    const watch = createWatch({ thresholds: { guess: 0.5 }, release: { discrepancy: 0.1 } });
    expect(watch.watch({ guess: 0.6 })).toBe(true);
    expect(watch.watch({ guess: 0.1 })).toBe(true);
    expect(watch.watch({ guess: 0.1, discrepancy: 0.2 })).toBe(true);
    expect(watch.watch({ guess: 0.9, discrepancy: 0.05 })).toBe(false);
    expect(watch.watch({ guess: 0.9, discrepancy: 0.05 })).toBe(true);
  });

  it("equals the plain rule over whole series", () => {
    const reading = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) }, fc.constant("-" as const));
    fc.assert(
      fc.property(
        fc.array(reading, { maxLength: 40 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        (series, threshold, less, patience, dwell) => {
          const release = threshold - less;
          const rule = { thresholds: { doubt: threshold }, release: { doubt: release }, patience, dwell };
          expect(alarms(rule, series)).toBe(plainAlarms(series, threshold, release, patience, dwell));
        },
      ),
    );
  });

  it.each<[GateRule, string]>([
    [{ thresholds: {} }, "found no threshold"],
    [{ thresholds: { doubt: Number.NaN } }, 'threshold of "doubt": found NaN'],
    [{ thresholds: { doubt: 1 }, release: { doubt: 2 } }, 'release of "doubt": found 2, expected at most 1'],
    [{ thresholds: { doubt: 1 }, patience: 0 }, "patience: found 0"],
    [{ thresholds: { doubt: 1 }, dwell: 1.5 }, "dwell: found 1.5"],
  ])("refuses %j", (rule, message) => {
    expect(() => createWatch(rule)).toThrow(message);
  });

  it("does not take a missing reading for a low one", () => {
    expect(() => createWatch({ thresholds: { doubt: 1 } }).watch({})).toThrow('found no reading of "doubt"');
  });
});

/** From the whole series each time: when an alarm begins, all that went before is looked at again. */
function plainAlarms(
  series: readonly (number | "-")[],
  threshold: number,
  release: number,
  patience: number,
  dwell: number,
): string {
  const marks: string[] = [];
  let from = 0;
  for (let step = 0; step < series.length; step++) {
    const seen = series.slice(from, step + 1).filter((reading) => reading !== "-");
    const latest = seen.slice(-patience);
    const begins = series[step] !== "-" && latest.length === patience && latest.every((reading) => reading > threshold);
    if (!begins) {
      marks.push(".");
      continue;
    }
    let end = step + dwell;
    while (end < series.length && (series[end] === "-" || (series[end] as number) > release)) end++;
    for (; step < Math.min(end, series.length); step++) marks.push("A");
    // The reading that ends an alarm begins none.
    if (step < series.length) marks.push(".");
    from = step + 1;
  }
  return marks.join("");
}
