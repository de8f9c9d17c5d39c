import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { type MetricsRecord, metricsLine, parseMetrics } from "../../src/runs/index.ts";

describe("metrics", () => {
  it("come back as they were written, numbers that are not finite included", () => {
    const name = fc.string({ unit: "binary" }).filter((text) => text !== "update");
    const record = fc
      .tuple(fc.maxSafeNat(), fc.array(fc.tuple(name, fc.double())))
      .map(([update, entries]): MetricsRecord => ({ ...Object.fromEntries(entries), update }));
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const text = records.map(metricsLine).join("");
        // JSON writes -0 as 0.
        const plain = records.map((each) =>
          Object.fromEntries(Object.entries(each).map(([key, value]) => [key, value === 0 ? 0 : value])),
        );
        expect(parseMetrics(text, "m")).toEqual(plain);
      }),
    );
  });

  it("one line each", () => {
    expect(metricsLine({ update: 3, loss: Number.NaN, best: -1 / 0 })).toBe(
      '{"update":3,"loss":"NaN","best":"-Infinity"}\n',
    );
  });

  it("a cut file gives the whole lines before the cut", () => {
    const records = [1, 2, 3, 4].map((update) => ({ update, loss: 1 / update }));
    const text = records.map(metricsLine).join("");
    for (let length = 0; length <= text.length; length++) {
      const cut = text.slice(0, length);
      expect(parseMetrics(cut, "m")).toEqual(records.slice(0, cut.split("\n").length - 1));
    }
  });

  it.each([
    ['{"update":1}\nnot\n', "m:2: not valid JSON, expected one record of metrics"],
    ["\n", "m:1: not valid JSON, expected one record of metrics"],
    ["[1]\n", "m:1: not a JSON object, expected one record of metrics"],
    ['{"update":1,"loss":"low"}\n', 'm:1: "loss" is "low", expected a number'],
    ['{"update":1,"loss":null}\n', 'm:1: "loss" is null, expected a number'],
    ['{"loss":1}\n', 'm:1: "update" is undefined, expected a whole number from 0 up'],
    ['{"update":1.5}\n', 'm:1: "update" is 1.5, expected a whole number from 0 up'],
  ])("%j is refused", (text, message) => {
    expect(() => parseMetrics(text, "m")).toThrow(new InputError(message));
  });

  it("what is no number is not written", () => {
    expect(() => metricsLine({ update: 1, loss: "low" as never })).toThrow(
      'metrics: "loss" is string, expected a number',
    );
    expect(() => metricsLine({ update: -1 })).toThrow("update: found -1, expected a whole number from 0 up");
  });
});
