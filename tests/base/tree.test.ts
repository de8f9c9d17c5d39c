import { describe, expect, it } from "vitest";
import { branch, mapLeaves, prefixed } from "../../src/base/index.ts";

const LEAVES = { "encoder.layer.weight": 1, "encoder.layer.bias": 2, "encoder.scale": 3, head: 4 };

describe("leaves by path", () => {
  it("change one by one", () => {
    expect(mapLeaves(LEAVES, (leaf, path) => `${path}=${leaf}`)).toEqual({
      "encoder.layer.weight": "encoder.layer.weight=1",
      "encoder.layer.bias": "encoder.layer.bias=2",
      "encoder.scale": "encoder.scale=3",
      head: "head=4",
    });
  });

  it("give a branch, and take a prefix: one undoes the other", () => {
    expect(branch(LEAVES, "encoder.layer")).toEqual({ weight: 1, bias: 2 });
    // a prefix ends at a dot: "encoder.l" is no branch
    expect(branch(LEAVES, "encoder.l")).toEqual({});
    expect(branch(prefixed("policy", LEAVES), "policy")).toEqual(LEAVES);
    expect(Object.keys(prefixed("a.b", { c: 1 }))).toEqual(["a.b.c"]);
  });
});
