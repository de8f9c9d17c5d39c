import { describe, expect, it, vi } from "vitest";
import { ADDRESSES, episodeDetail, episodeSummary, fromBase64 } from "../../src/browser.ts";
import { type Annotation, beginLog } from "../../studio/src/log/episode-log.ts";
import { decodeLog } from "../../studio/src/log/read.ts";
import { pendingAnnotations, withAnnotations } from "../../studio/src/server/annotations.ts";
import {
  episodeRecords,
  messagesOf,
  openPage,
  openStudio,
  spec,
  temporaryFolders,
  visitorOf,
} from "../server/fixture.ts";
import { memoryFolder } from "./log-files.ts";

const newFolder = temporaryFolders();

/** The log that a page would have written of the records. */
async function logged(id: string, { start, steps, end }: ReturnType<typeof episodeRecords>, isWhole = true) {
  const folder = memoryFolder();
  const log = beginLog(await folder.open("a.0.log"), "a.0.log", id, fromBase64(start));
  for (const step of steps) log.append(fromBase64(step));
  if (isWhole) log.finish(fromBase64(end));
  const episode = decodeLog(folder.files.get("a.0.log")!);
  if (!episode) throw new Error("the log holds no episode");
  return episode;
}

describe("what the page tells of its own log", () => {
  const whole = episodeRecords(7, 23);
  const cut = episodeRecords(8, 11);
  const annotations: Annotation[] = [
    { kind: "success", episode: "whole", success: false },
    { kind: "label", episode: "whole", step: 4, label: [3, 4] },
    { kind: "deletion", episode: "cut", deleted: true },
  ];

  it("is what the server tells of the same episodes", async () => {
    const { addresses } = await openStudio({ data: newFolder() });
    const page = await openPage(addresses[0]);
    for (const message of messagesOf("whole", whole)) await page.answer(message);
    for (const message of messagesOf("cut", cut).slice(0, -1)) await page.answer(message);
    page.say({ kind: "annotate", task: spec.name, annotations });
    const ask = await visitorOf(addresses[0]);
    const get = async (address: string) => JSON.parse((await ask(address)).text);
    // `changed` may be about the episodes themselves: only the list says that the last annotation was heard.
    await vi.waitFor(async () => expect((await get(ADDRESSES.episodes(spec.name)))[1].deleted).toBe(true), {
      timeout: 30_000,
    });
    const logs = [await logged("whole", whole), await logged("cut", cut, false)];
    const local = logs.map((episode) => withAnnotations(episode, annotations));
    const summaries = local.map(({ stored, deleted }) =>
      episodeSummary(stored, { controlRate: spec.controlRate, deleted }),
    );
    expect(summaries).toEqual(await get(ADDRESSES.episodes(spec.name)));
    for (const [i, { stored }] of local.entries()) {
      const theirs = await get(ADDRESSES.episode(spec.name, stored.id));
      expect(JSON.parse(JSON.stringify(episodeDetail(summaries[i], stored)))).toEqual(theirs);
    }
  });
});

describe("annotations that no server has heard", () => {
  const storage = () => {
    const items = new Map<string, string>();
    return {
      getItem: (name: string) => items.get(name) ?? null,
      setItem: (name: string, value: string) => void items.set(name, value),
      removeItem: (name: string) => void items.delete(name),
    };
  };
  const deletion = (deleted: boolean): Annotation => ({ kind: "deletion", episode: "a", deleted });
  const label = (step: number, value: number): Annotation => ({ kind: "label", episode: "a", step, label: [value] });

  it("outlive the page, the last word of each counting", () => {
    const place = storage();
    const before = pendingAnnotations(place);
    before.add("driving", [deletion(true), label(3, 1), label(4, 1)]);
    before.add("driving", [label(3, 2), deletion(false)]);
    before.add("push-t", [deletion(true)]);
    const after = pendingAnnotations(place);
    expect(after.tasks()).toEqual(["driving", "push-t"]);
    expect(after.of("driving")).toEqual([deletion(false), label(3, 2), label(4, 1)]);
    after.keep("driving", [label(4, 1)]);
    after.keep("push-t", []);
    expect(pendingAnnotations(place).tasks()).toEqual(["driving"]);
    expect(pendingAnnotations(place).of("driving")).toEqual([label(4, 1)]);
  });

  it("do without a browser that keeps anything", () => {
    const place = storage();
    place.setItem("apprentice.annotations", "{ torn");
    const full = {
      ...place,
      setItem() {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    const pending = pendingAnnotations(full);
    pending.add("driving", [deletion(true)]);
    expect(pending.of("driving")).toEqual([deletion(true)]);
  });

  it("pass over steps that an episode does not have", async () => {
    const episode = await logged("a", episodeRecords(3, 5));
    const after = withAnnotations(episode, [label(99, 1), { kind: "success", episode: "b", success: false }]);
    expect(after.stored.steps).toHaveLength(5);
    expect(after.stored.success).toBe(true);
  });
});
