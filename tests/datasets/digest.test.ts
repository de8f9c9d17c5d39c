import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/index.ts";
import { datasetDigest } from "../../src/datasets/node.ts";

const dataset: Dataset = {
  task: "t",
  observation: { names: ["x"], units: ["m"], values: Float32Array.of(1, 2) },
  action: { names: ["u"], units: ["N"], values: Float32Array.of(-0.5, 0.25), resolution: [0.25] },
  episodeEnds: Int32Array.of(1, 2),
  controlRate: 10,
  provenance: { format: "f", source: "here", actors: [], notes: [] },
};

describe("datasetDigest", () => {
  it("is the SHA-256 of the header and the little-endian numbers", () => {
    const header =
      '{"task":"t","controlRate":10,"observation":{"names":["x"],"units":["m"],"resolution":null},' +
      '"action":{"names":["u"],"units":["N"],"resolution":[0.25]}}\n2\n';
    // int32 1, 2; float32 1, 2 (0x3f800000, 0x40000000); float32 -0.5, 0.25 (0xbf000000, 0x3e800000)
    const numbers = Buffer.from("0100000002000000" + "0000803f00000040" + "000000bf0000803e", "hex");
    const expected = createHash("sha256").update(header).update(numbers).digest("hex");
    expect(datasetDigest(dataset)).toBe(expected);
  });

  it("does not depend on where the data was read from", () => {
    const copy = { ...dataset, provenance: { format: "g", source: "there", actors: ["a"], notes: ["b"] } };
    expect(datasetDigest(copy)).toBe(datasetDigest(dataset));
  });

  it.each<[string, Partial<Dataset>]>([
    ["a value", { action: { ...dataset.action, values: Float32Array.of(-0.5, 0.5) } }],
    ["a name", { observation: { ...dataset.observation, names: ["y"] } }],
    ["a unit", { observation: { ...dataset.observation, units: ["px"] } }],
    ["a lattice", { action: { ...dataset.action, resolution: [0.5] } }],
    ["the ends", { episodeEnds: Int32Array.of(2) }],
    ["the rate", { controlRate: 20 }],
    ["the task", { task: "u" }],
  ])("changes with %s", (_, change) => {
    expect(datasetDigest({ ...dataset, ...change })).not.toBe(datasetDigest(dataset));
  });
});
