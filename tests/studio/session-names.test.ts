import { describe, expect, it } from "vitest";
import { parseClientMessage, randomKey, randomStream } from "../../src/browser.ts";
import { episodeId, seedSource } from "../../studio/src/session/names.ts";

const when = new Date(Date.UTC(2026, 10, 26, 6, 15, 30, 250));

describe("names of episodes", () => {
  it("tell when and who, and are the server's idea of an id", () => {
    const stream = randomStream(randomKey(1));
    const random = () => stream.uniform();
    for (const [operator, slug] of [
      ["Ada", "ada"],
      ["Grace Hopper", "grace-hopper"],
      ["Žofie Nováková", "zofie-novakova"],
      ["  ..  ", "operator"],
      ["李", "operator"],
      ["x".repeat(300), "x".repeat(24)],
    ]) {
      const id = episodeId(operator, when, random);
      expect(id).toMatch(/^20261126T061530-[a-z0-9-]+-[a-z0-9]{6}$/);
      expect(id.slice(16, -7)).toBe(slug);
      const message = { kind: "steps", task: "driving", episode: id, from: 0, steps: ["AAAA"] };
      expect(parseClientMessage(JSON.stringify(message))).toEqual(message);
    }
  });

  it("differ within a second", () => {
    const stream = randomStream(randomKey(2));
    const ids = Array.from({ length: 1000 }, () => episodeId("Ada", when, () => stream.uniform()));
    expect(new Set(ids).size).toBe(1000);
  });
});

describe("seeds of episodes", () => {
  it("are a page's own demonstration seeds, one after another, and never those that policies are judged by", () => {
    const stream = randomStream(randomKey(3));
    const sources = Array.from({ length: 100 }, () => seedSource(() => stream.uniform()));
    const seeds = sources.flatMap((next) => [next(), next(), next()]);
    expect(new Set(seeds).size).toBe(300);
    for (const seed of seeds) {
      expect(Number.isSafeInteger(seed)).toBe(true);
      // Of the million seeds of an experiment the first half are demonstrations (world/seeds.ts); experiment 0 is the server's.
      expect(seed % 1_000_000).toBeLessThan(500_000);
      expect(seed).toBeGreaterThanOrEqual(1_000_000);
    }
    const [first, second] = [sources[0](), sources[0]()];
    expect(second).toBe(first + 1);
  });
});
