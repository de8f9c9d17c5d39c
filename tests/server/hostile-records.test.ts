/** Records that are no records, or nearly: refused, or kept and read again; never a fault of the server's. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openStore, readDataset } from "../../src/datasets/node.ts";
import { fromBase64, toBase64 } from "../../src/protocol/index.ts";
import { episodeRecords, openPage, openStudio, temporaryFolders, visitorOf } from "./fixture.ts";

const newFolder = temporaryFolders();

/** What is done to the bytes of a good record. */
const harm = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(5000), bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(5000) }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: fc.nat(5000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
  fc.record({ kind: fc.constant("nest" as const), depth: fc.integer({ min: 1, max: 60_000 }) }),
);
type Harm = typeof harm extends fc.Arbitrary<infer One> ? One : never;

function harmed(text: string, harms: readonly Harm[]): string {
  let bytes = Buffer.from(fromBase64(text));
  for (const one of harms) {
    const at = "at" in one ? one.at % (bytes.length + 1) : 0;
    if (one.kind === "cut") bytes = bytes.subarray(0, at);
    else if (one.kind === "insert") bytes = Buffer.concat([bytes.subarray(0, at), one.bytes, bytes.subarray(at)]);
    // Groups within groups of a field that nobody knows.
    else if (one.kind === "nest") bytes = Buffer.concat([bytes, Buffer.alloc(one.depth, 0x7b)]);
    else if (at < bytes.length) bytes[at] ^= one.bits;
  }
  return bytes.length === 0 ? "AA==" : toBase64(bytes);
}

it("whatever bytes come, what is kept can be read, listed and learned from", { timeout: 240_000 }, async () => {
  const faults: unknown[] = [];
  const server = await openStudio({ data: newFolder(), onFault: (error) => faults.push(error) });
  const [address] = server.addresses;
  const get = await visitorOf(address);
  const good = episodeRecords(1, 3);
  const tally = { kept: 0, refused: 0 };
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("start" as const, "step" as const, "end" as const),
      fc.array(harm, { minLength: 1, maxLength: 3 }),
      async (which, harms) => {
        const page = await openPage(address);
        const place = { task: "push-t", episode: `e${run++}` };
        const bad = (part: "start" | "step" | "end", text: string) => (part === which ? harmed(text, harms) : text);
        let steps = 0;
        for (const message of [
          { kind: "episode" as const, ...place, start: bad("start", good.start) },
          { kind: "steps" as const, ...place, from: 0, steps: [good.steps[0], bad("step", good.steps[1])] },
          { kind: "steps" as const, ...place, from: 2, steps: [good.steps[2]] },
          { kind: "end" as const, ...place, steps: 3, end: bad("end", good.end) },
        ]) {
          const answer = await page.answer(message);
          tally[answer.kind === "held" ? "kept" : "refused"]++;
          if (answer.kind === "held") steps = answer.steps;
          else expect(answer.reason).toMatch(/^[^\n]+$/);
        }
        page.close();
        const { text } = await get(`/api/tasks/push-t/episodes/${place.episode}`);
        if (text.startsWith("{")) expect(JSON.parse(text).steps).toBeGreaterThanOrEqual(steps);
        else expect(text).toContain("there is no episode");
      },
    ),
    { numRuns: 150 },
  );
  expect(faults).toEqual([]);
  expect(tally.kept).toBeGreaterThan(0);
  expect(tally.refused).toBeGreaterThan(0);
  const path = join(server.data, "push-t", "dataset");
  const listed = JSON.parse((await get("/api/tasks/push-t/episodes")).text);
  expect(listed.length).toBe((await openStore(path)).episodeIds().length);
  await readDataset(path);
});
