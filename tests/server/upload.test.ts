/** Uploads that are cut, said twice and out of order; servers that are killed: what is kept is what an untroubled one keeps. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ClientMessage } from "../../src/protocol/index.ts";
import { episodeRecords, messagesOf, openPage, openStudio, type TestPage, temporaryFolders } from "./fixture.ts";

const newFolder = temporaryFolders();

const fileOf = (data: string, id: string) => readFileSync(join(data, "push-t", "dataset", "episodes", `${id}.mcap`));

/** The file of an episode whose upload nothing troubled. */
async function untroubled(id: string, records: ReturnType<typeof episodeRecords>): Promise<Buffer> {
  const data = newFolder();
  const server = await openStudio({ data });
  const page = await openPage(server.addresses[0]);
  for (const message of messagesOf(id, records)) expect(await page.answer(message)).toMatchObject({ kind: "held" });
  await server.close();
  return fileOf(data, id);
}

type Trouble =
  /** Says message number `at` of so many steps each, whether its turn has come or not. */
  | { readonly kind: "say"; readonly batch: number; readonly at: number; readonly times: number }
  /** The connection is cut without a goodbye. */
  | { readonly kind: "cut" }
  /** A second page says the whole again. */
  | { readonly kind: "echo" };

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      batch: fc.integer({ min: 1, max: 5 }),
      at: fc.nat(14),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cut" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("echo" as const) }) },
);

it("the file is the same whatever is said twice, too early, or over a cut connection", {
  timeout: 240_000,
}, async () => {
  const records = episodeRecords(5, 14);
  const data = newFolder();
  const server = await openStudio({ data });
  const [address] = server.addresses;
  let run = 0;
  let expected: Buffer | undefined;
  const tally = { held: 0, refused: 0, cut: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(trouble, { minLength: 1, maxLength: 25 }), async (troubles) => {
      const id = `e${String(run++).padStart(4, "0")}`;
      // A file tells nothing of its own name.
      expected ??= await untroubled("e", records);
      let page = await openPage(address);
      let held = 0;
      const speak = async (to: TestPage, message: ClientMessage, times = 1) => {
        for (let i = 0; i < times; i++) {
          const answer = await to.answer(message);
          tally[answer.kind]++;
          if (answer.kind === "refused") {
            // Only what comes too early is refused, or an end that leaves steps out.
            expect(answer.reason).toMatch(/it is the next|so many are here|not begun here/);
          } else {
            // What is held is never less than it was.
            expect(answer.steps).toBeGreaterThanOrEqual(held);
            held = answer.steps;
          }
        }
      };
      for (const one of troubles) {
        if (one.kind === "say") {
          const messages = messagesOf(id, records, one.batch);
          await speak(page, messages[one.at % messages.length], one.times);
        } else if (one.kind === "cut") {
          // Half a message may be on its way.
          page.say(messagesOf(id, records)[1]);
          page.socket.terminate();
          tally.cut++;
          page = await openPage(address);
        } else {
          const other = await openPage(address, { operator: "Bob" });
          const batches = messagesOf(id, records, 4);
          await Promise.all([
            speak(page, batches[0]),
            ...batches.map((message) => speak(other, message).catch(() => {})),
          ]);
          other.close();
        }
      }
      for (const message of messagesOf(id, records)) await speak(page, message);
      page.close();
      expect(fileOf(data, id).equals(expected)).toBe(true);
    }),
    { numRuns: 40 },
  );
  expect(tally.refused).toBeGreaterThan(0);
  expect(tally.cut).toBeGreaterThan(0);
});

it("two pages record into one dataset at once, each its own episode whole", { timeout: 120_000 }, async () => {
  const data = newFolder();
  const server = await openStudio({ data });
  const [address] = server.addresses;
  const watching = await openPage(address, { operator: "Eve" });
  const record = async (operator: string, seed: number) => {
    const page = await openPage(address, { operator });
    for (let n = 0; n < 3; n++) {
      const id = `${operator.toLowerCase()}-${n}`;
      for (const message of messagesOf(id, episodeRecords(seed + n, 30), 1)) {
        expect(await page.answer(message)).toMatchObject({ kind: "held", episode: id });
      }
    }
  };
  await Promise.all([record("Ada", 10), record("Bob", 20)]);
  for (const [name, seed] of [
    ["ada", 10],
    ["bob", 20],
  ] as const) {
    for (let n = 0; n < 3; n++) {
      const expected = await untroubled(`${name}-${n}`, episodeRecords(seed + n, 30));
      expect(fileOf(data, `${name}-${n}`).equals(expected)).toBe(true);
    }
  }
  await watching.next((one) => one.kind === "changed");
});

it("an id that is another episode's is refused", async () => {
  const data = newFolder();
  const server = await openStudio({ data });
  const page = await openPage(server.addresses[0]);
  const [begin, steps] = messagesOf("same", episodeRecords(1, 6));
  await page.answer(begin);
  await page.answer(steps);
  const [other] = messagesOf("same", episodeRecords(2, 6));
  expect(await page.answer(other)).toMatchObject({
    kind: "refused",
    of: "episode",
    reason: expect.stringContaining("another episode has this id"),
  });
  expect(await page.answer(begin)).toMatchObject({ kind: "held", steps: 3 });
});

it("a step that does not fit is refused by name, and the steps before it are kept", async () => {
  const data = newFolder();
  const server = await openStudio({ data });
  const page = await openPage(server.addresses[0]);
  const fine = episodeRecords(1, 6);
  for (const [what, broken, reason] of [
    [
      "infinite",
      episodeRecords(1, 6, (step) => (step === 4 ? { action: Float32Array.of(0, Number.NaN) } : {})),
      "action",
    ],
    [
      "short",
      episodeRecords(1, 6, (step) => (step === 4 ? { action: Float32Array.of(1) } : {})),
      "found 1 numbers, expected 2",
    ],
    ["strange", episodeRecords(1, 6, (step) => (step === 4 ? { observation: { x: Float32Array.of(1) } } : {})), '"x"'],
    ["late", episodeRecords(1, 6, (step) => (step === 4 ? { time: 1e300 } : {})), "time: found 1e+300"],
    ["garbage", { ...fine, steps: fine.steps.with(4, "/////w==") }, "found no record"],
  ] as const) {
    const [begin] = messagesOf(what, broken);
    await page.answer(begin);
    const place = { task: "push-t", episode: what };
    const answer = await page.answer({ kind: "steps", ...place, from: 0, steps: broken.steps });
    expect(answer, what).toMatchObject({ kind: "refused", ...place });
    expect(answer.kind === "refused" && answer.reason).toContain(reason);
    expect(answer.kind === "refused" && answer.reason).toContain("step 4");
    expect(await page.answer(begin)).toMatchObject({ steps: 4, ended: false });
    // The right steps go on from there.
    expect(await page.answer({ kind: "steps", ...place, from: 4, steps: fine.steps.slice(4) })).toMatchObject({
      steps: 6,
    });
    expect(await page.answer({ kind: "end", ...place, steps: 6, end: fine.end })).toMatchObject({ ended: true });
  }
});

it("files that nobody adds to are closed, and opened again when somebody does", async () => {
  const data = newFolder();
  const server = await openStudio({ data, idle: 50 });
  const page = await openPage(server.addresses[0]);
  const records = episodeRecords(4, 9);
  for (const message of messagesOf("slow", records)) {
    expect(await page.answer(message)).toMatchObject({ kind: "held" });
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(fileOf(data, "slow").equals(await untroubled("slow", records))).toBe(true);
});

it("a server that ends says so, and the next one goes on", async () => {
  const data = newFolder();
  const first = await openStudio({ data });
  const records = episodeRecords(6, 12);
  const messages = messagesOf("over", records);
  const page = await openPage(first.addresses[0]);
  for (const message of messages.slice(0, 3)) await page.answer(message);
  await first.close();
  expect(await page.closed).toBe(1001);
  const second = await openStudio({ data, port: first.port });
  const again = await openPage(first.addresses[0]);
  expect(await again.answer(messages[0])).toMatchObject({ kind: "held", steps: 6, ended: false });
  for (const message of messages.slice(3)) expect(await again.answer(message)).toMatchObject({ kind: "held" });
  await second.close();
  expect(fileOf(data, "over").equals(await untroubled("over", records))).toBe(true);
});
