/** A data folder without room: what does not fit is refused in one line, and gone on with when there is room again. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { EpisodeSummary } from "../../src/protocol/index.ts";
import {
  closeStudios,
  episodeRecords,
  messagesOf,
  openPage,
  openStudio,
  temporaryFolders,
  visitorOf,
} from "./fixture.ts";

const newFolder = temporaryFolders();
const disk = mkdtempSync(join(tmpdir(), "apprentice-full-studio-"));
const isMounted =
  process.platform === "linux" && spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]).status === 0;
const skipped = isMounted ? "" : " [skipped: this process may not mount a file system]";
afterAll(async () => {
  await closeStudios();
  if (isMounted) execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true });
});

const filling = join(disk, "filling");
/** Leaves so many bytes free. */
function leave(bytes: number): void {
  rmSync(filling, { force: true });
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filling, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
}

describe.skipIf(!isMounted)(`a full disk${skipped}`, () => {
  it("costs no step that was acknowledged, and recording goes on when there is room", async () => {
    const data = join(disk, "data");
    const server = await openStudio({ data });
    const [address] = server.addresses;
    const page = await openPage(address);
    const records = episodeRecords(2, 60);
    const [begin, ...rest] = messagesOf("full", records, 4);
    const end = rest[rest.length - 1];
    const batchFrom = (from: number) => ({
      kind: "steps" as const,
      task: "push-t",
      episode: "full",
      from,
      steps: records.steps.slice(from, from + 4),
    });
    expect(await page.answer(begin)).toMatchObject({ kind: "held", steps: 0 });
    let held = 0;
    for (const room of [4096, 0, 8192]) {
      leave(room);
      for (;;) {
        const answer = await page.answer(held < 60 ? batchFrom(held) : end);
        if (answer.kind === "refused") {
          expect(answer).toMatchObject({ of: "steps", episode: "full", later: true });
          expect(answer.reason).toMatch(/full\.mcap: cannot be written \(ENOSPC: the disk is full\)$/);
          break;
        }
        held = answer.steps;
      }
      // A full disk takes nothing from anybody, and says so to each.
      leave(0);
      const again = await page.answer(batchFrom(held));
      expect(again).toMatchObject({ kind: "refused", later: true });
      const other = await openPage(address, { operator: "Bob" });
      expect(await other.answer(messagesOf(`new-${room}`, episodeRecords(9, 3))[0])).toMatchObject({
        kind: "refused",
        later: true,
      });
      other.close();
      page.say({
        kind: "annotate",
        task: "push-t",
        annotations: [{ kind: "success", episode: "full", success: room > 0 }],
      });
      const asked = await page.answer(begin);
      // What is asked for first is refused, too, unless the file had room for it.
      const get = await visitorOf(address);
      const listed: EpisodeSummary[] = JSON.parse((await get("/api/tasks/push-t/episodes")).text);
      expect(listed.find(({ id }) => id === "full")?.steps).toBeGreaterThanOrEqual(held);
      rmSync(filling);
      const resumed = await page.answer(begin);
      expect(resumed, JSON.stringify(asked)).toMatchObject({ kind: "held" });
      expect(resumed.kind === "held" && resumed.steps).toBeGreaterThanOrEqual(held);
      held = resumed.kind === "held" ? resumed.steps : held;
    }
    for (const message of messagesOf("full", records, 7))
      expect(await page.answer(message)).toMatchObject({ kind: "held" });

    const calm = newFolder();
    const undisturbed = await openPage((await openStudio({ data: calm })).addresses[0]);
    for (const message of messagesOf("full", records, 7)) await undisturbed.answer(message);
    const [found, expected] = [data, calm].map((folder) =>
      readFileSync(join(folder, "push-t/dataset/episodes/full.mcap")),
    );
    expect(found.equals(expected)).toBe(true);
    // Nothing half-made is left where it was refused.
    expect(readdirSync(join(data, "push-t/dataset/episodes")).filter((name) => name.startsWith("."))).toEqual([]);
    expect(await page.answer(messagesOf("new-0", episodeRecords(9, 3))[0])).toMatchObject({ kind: "held", steps: 0 });
  });

  it("lets no server begin, in one line", async () => {
    const data = join(disk, "second");
    mkdirSync(data);
    leave(0);
    await expect(openStudio({ data })).rejects.toThrow(/access-token: cannot be used \(ENOSPC: the disk is full\)$/);
    rmSync(filling);
    await openStudio({ data });
  });
});
