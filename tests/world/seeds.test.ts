import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { episodeSeeds } from "../../src/world/index.ts";

describe("episodeSeeds", () => {
  it("never gives one seed for two purposes or two experiments, at most and at least", () => {
    const most = { demonstrations: 500_000, evaluation: 400_000, selection: 100_000 } as const;
    const seen = new Set<number>();
    let count = 0;
    for (const seed of [0, 1]) {
      for (const [purpose, length] of Object.entries(most) as [keyof typeof most, number][]) {
        for (const one of episodeSeeds(purpose, seed, length)) seen.add(one);
        count += length;
        expect(() => episodeSeeds(purpose, seed, length + 1)).toThrow(InputError);
      }
    }
    expect(seen.size).toBe(count);
  });

  it("goes on where fewer end", () => {
    expect(episodeSeeds("evaluation", 3, 5).slice(0, 2)).toEqual(episodeSeeds("evaluation", 3, 2));
    expect(episodeSeeds("selection", 3, 0)).toEqual([]);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses the seed %d", (seed) => {
    expect(() => episodeSeeds("evaluation", seed, 1)).toThrow(`seed: found ${seed}, expected an integer from 0 to`);
  });
});
