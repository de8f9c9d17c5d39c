import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  type Autoregression,
  autoregressiveHead,
  type Bins,
  binsBetween,
  quantileEdges,
  uniformBins,
} from "../../src/heads/index.ts";
import { constant, input, reshape } from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";

/** Everything that bins say of chunks [B, D], by the interpreter and by the runtime. */
async function read(bins: Bins, chunks: number[], size: number) {
  const rows = chunks.length / size;
  const chunk = input("chunk", [rows, size]);
  const tokens = bins.tokensOf(chunk);
  const outputs: Record<string, ReturnType<Bins["tokensOf"]>> = { tokens, centres: bins.centresOf(tokens) };
  const widths = bins.logWidthsOf(tokens);
  outputs.logWidths = widths;
  const feeds = { chunk: chunks };
  return [inFloat64([chunk], outputs, feeds), await inFloat32([chunk], outputs, feeds)];
}

describe("bins between given edges", () => {
  const EDGES = [
    [-1, -0.75, 0, 0.125, 1],
    [-1, -0.5, -0.25, 0.5, 1],
    [-1, 0.25, 0.5, 0.75, 1],
  ];

  it("are found, centred and as wide as a search says", async () => {
    const stream = randomStream(randomKey(1));
    // all of [-1.3, 1.3], and every edge itself, which belongs to the bin above it
    const rows = Array.from({ length: 200 }, () => EDGES.map(() => Math.fround(2.6 * stream.uniform() - 1.3)));
    rows.push(...EDGES[0].map((_, i) => EDGES.map((own) => own[i])));
    const plain = rows.flatMap((row) =>
      row.map((value, number) => {
        const own = EDGES[number];
        let token = 0;
        while (token < 3 && value >= own[token + 1]) token++;
        return { token, centre: (own[token] + own[token + 1]) / 2, width: own[token + 1] - own[token] };
      }),
    );
    for (const found of await read(binsBetween(EDGES), rows.flat(), 3)) {
      expect(Array.from(found.tokens)).toEqual(plain.map(({ token }) => token));
      // centres are sixteenths and exact
      expect(Array.from(found.centres)).toEqual(plain.map(({ centre }) => centre));
      plain.forEach(({ width }, i) => {
        expect(found.logWidths[i]).toBeCloseTo(Math.log(width), 6);
      });
    }
  });

  it("give the centre of a number's own bin where only that number is asked for", () => {
    const bins = binsBetween(EDGES);
    const tokens = constant([0, 1, 2, 3], [4], "int32");
    for (const [number, own] of EDGES.entries()) {
      const { at } = inFloat64([], { at: bins.centresAt(tokens, constant([number], [1], "int32")) });
      expect(Array.from(at)).toEqual([0, 1, 2, 3].map((token) => (own[token] + own[token + 1]) / 2));
    }
  });

  it("of equal widths are the uniform ones", async () => {
    const count = 16;
    const edges = Array.from({ length: count + 1 }, (_, i) => -1 + i / 8);
    const stream = randomStream(randomKey(2));
    const chunks = Array.from({ length: 400 }, () => Math.fround(2.4 * stream.uniform() - 1.2));
    const given = await read(binsBetween([edges, edges]), [...chunks, ...edges, 0.5], 2);
    const uniform = await read(uniformBins(count), [...chunks, ...edges, 0.5], 2);
    given.forEach((found, i) => {
      expect(found.tokens).toEqual(uniform[i].tokens);
      expect(found.centres).toEqual(uniform[i].centres);
      for (const width of Array.from(found.logWidths)) expect(width).toBeCloseTo(uniform[i].logWidths[0], 6);
    });
  });

  it("are refused where edges do not rise, or are not as many for all", () => {
    expect(() => binsBetween([[-1, 1]])).toThrow("bins: found 1, expected 2 or more");
    expect(() =>
      binsBetween([
        [-1, 0, 1],
        [-1, 0, 0.5, 1],
      ]),
    ).toThrow("bin edges of number 1: expected 3 ascending ones");
    expect(() => binsBetween([[-1, 0.5, 0.5, 1]])).toThrow("bin edges of number 0: expected 4 ascending ones");
    expect(() => uniformBins(1)).toThrow("bins: found 1, expected 2 or more");
  });

  it("make a density that is 1 over the whole space", async () => {
    const [edges, size, count] = [EDGES.slice(0, 2), 2, 4];
    const centre = (own: number[], i: number) => (own[i] + own[i + 1]) / 2;
    const pairs = Array.from({ length: count ** 2 }, (_, i) => [Math.floor(i / count), i % count]);
    const logits = constant([0.3, -1, 2, 0.1, 1, 0, -0.5, 0.7], [1, size, count]);
    const network: Autoregression = { all: () => logits, at: () => reshape(logits, [1, size * count]) };
    const head = autoregressiveHead({ actionSize: size, bins: binsBetween(edges) });
    const chunk = input("chunk", [pairs.length, size]);
    const outputs = { log: head.logProbability(network, chunk) };
    const feeds = { chunk: pairs.flatMap(([a, b]) => [centre(edges[0], a), centre(edges[1], b)]) };
    for (const { log } of [inFloat64([chunk], outputs, feeds), await inFloat32([chunk], outputs, feeds)]) {
      const total = pairs.reduce((sum, [a, b], i) => {
        const area = (edges[0][a + 1] - edges[0][a]) * (edges[1][b + 1] - edges[1][b]);
        return sum + Math.exp(log[i]) * area;
      }, 0);
      expect(total).toBeCloseTo(1, 5);
    }
  });
});

describe("quantile edges", () => {
  const normals = (count: number, deviation: number) => {
    const stream = randomStream(randomKey(3));
    return Float32Array.from({ length: count }, () => deviation * stream.normal());
  };
  const gapsOf = (edges: number[]) => edges.slice(1).map((edge, i) => edge - edges[i]);

  it.each([4, 16, 64])("%i bins are equally likely, a tenth of the probability spread evenly", (count) => {
    const values = normals(20_000, 0.3);
    const edges = quantileEdges(values, count);
    edges.slice(1).forEach((high, i) => {
      const low = edges[i];
      // values beyond -1 and 1 belong to the outermost bins
      const inside = values.filter((value) => (i === 0 || value > low) && (i === count - 1 || value <= high)).length;
      const mass = (0.1 * (high - low)) / 2 + (0.9 * inside) / values.length;
      expect(mass).toBeCloseTo(1 / count, 3);
    });
    // What is common has narrow bins: normals lie thickest at 0.
    const gaps = gapsOf(edges);
    expect(Math.min(...gaps)).toBeCloseTo(gaps[count / 2], 1);
    expect(gaps[count / 2]).toBeLessThan(gaps[0] / 2);
  });

  it("of evenly spread values are even", () => {
    const values = Float32Array.from({ length: 10_000 }, (_, i) => -1 + (2 * (i + 0.5)) / 10_000);
    quantileEdges(values, 10).forEach((edge, i) => {
      expect(edge).toBeCloseTo(-1 + i / 5, 3);
    });
  });

  it("keep apart where most values are one", () => {
    // 0.3 in nine of ten, the others even: of 20 edges most fall on 0.3
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? -1 + i / 500 : 0.3));
    const edges = quantileEdges(values, 20);
    const least = 2 / 20 / 16;
    const gaps = gapsOf(edges);
    expect(gaps.filter((gap) => Math.abs(gap - least) < 1e-9).length).toBeGreaterThan(12);
    for (const gap of gaps) expect(gap).toBeGreaterThan(least * (1 - 1e-9));
    expect(() => binsBetween([edges])).not.toThrow();
  });

  it("rise by a sixteenth of the even distance at least, from -1 to 1, whatever the values", () => {
    const value = fc.double({ min: -3, max: 3, noNaN: true });
    const anything = fc.array(fc.oneof(value, fc.constantFrom(-1, 0, 1)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(anything, fc.integer({ min: 2, max: 40 }), (values, count) => {
        const edges = quantileEdges(Float32Array.from(values), count);
        expect(edges.length).toBe(count + 1);
        expect([edges[0], edges[count]]).toEqual([-1, 1]);
        for (const gap of gapsOf(edges)) expect(gap).toBeGreaterThan((2 / count / 16) * (1 - 1e-6));
      }),
      { numRuns: 200 },
    );
  });
});
