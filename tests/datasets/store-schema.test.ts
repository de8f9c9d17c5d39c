import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { McapIndexedReader } from "@mcap/core";
import { expect, it } from "vitest";
import { createStore } from "../../src/datasets/node.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";

const newPath = temporaryPaths();

/** What any MCAP viewer does: knows nothing of us, reads by the file's index and by the schemas inside it. */
async function readAsViewer(file: string) {
  const bytes = readFileSync(file);
  const readable = {
    size: async () => BigInt(bytes.length),
    read: async (offset: bigint, size: bigint) => new Uint8Array(bytes.subarray(Number(offset), Number(offset + size))),
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  const messages = [];
  for await (const { channelId, logTime, data } of reader.readMessages({ validateCrcs: true })) {
    const channel = reader.channelsById.get(channelId);
    const schema = reader.schemasById.get(channel?.schemaId ?? 0);
    if (!channel || !schema) throw new Error(`no channel or schema of ${channelId}`);
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, schema.data));
    const description = registry.getMessage(schema.name);
    if (!description) throw new Error(`no message ${schema.name}`);
    const json = toJson(description, fromBinary(description, data), { registry });
    messages.push({ topic: channel.topic, encoding: schema.encoding, logTime, json });
  }
  return messages;
}

it("a viewer reads every field by the schema in the file", async () => {
  const store = await createStore(newPath(), { spec });
  const info = { success: false, tries: 0, note: "" };
  const recording = await store.startEpisode({ seed: -7, actors: ["Zoë", "policy"], info, clock: () => 1000 });
  const more = {
    proposed: Float32Array.of(0.5, 0, 0),
    label: Float32Array.of(0, 0, 0),
    operator: "Zoë",
    policyVersion: "v3",
    gate: { doubt: 0.25, threshold: Infinity },
    chunkPlace: 3,
    reward: 0.1,
    terminated: true,
    time: 2.5,
    wallTime: 1001.5,
  };
  await recording.append(plainStep(1, 2, more));
  await recording.finish({ success: true, mode: "left" });
  const messages = await readAsViewer(recording.file);

  expect(messages).toEqual([
    {
      topic: "/start",
      encoding: "protobuf",
      logTime: 1_000_000_000_000n,
      json: {
        task: "prüfung",
        // Protobuf's JSON has 64-bit integers as texts.
        seed: "-7",
        actors: ["Zoë", "policy"],
        info: [
          { name: "success", flag: false },
          { name: "tries", number: 0 },
          { name: "note", text: "" },
        ],
        wallTime: 1000,
      },
    },
    {
      topic: "/step",
      encoding: "protobuf",
      // Start 1000 s, the step 2.5 s after it.
      logTime: 1_002_500_000_000n,
      json: {
        observation: [
          { name: "zustand", values: [1, 2] },
          { name: "速度 🚗", values: [3] },
        ],
        action: { values: [2, -2, 1] },
        proposed: { values: [0.5, 0, 0] },
        label: { values: [0, 0, 0] },
        controller: ["CONTROLLER_EXPERT"],
        operator: "Zoë",
        policyVersion: "v3",
        chunkPlace: 3,
        gate: [
          { name: "doubt", value: 0.25 },
          { name: "threshold", value: "Infinity" },
        ],
        reward: 0.1,
        terminated: true,
        time: 2.5,
        wallTime: 1001.5,
      },
    },
    {
      topic: "/end",
      encoding: "protobuf",
      logTime: 1_002_500_000_000n,
      json: {
        steps: 1,
        info: [
          { name: "success", flag: true },
          { name: "mode", text: "left" },
        ],
        wallTime: 1000,
      },
    },
  ]);
});
