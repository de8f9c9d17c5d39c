/** Episodes that come over the socket, and what is answered about them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../src/datasets/node.ts";
import type { EpisodeDetail, EpisodeSummary, StudioSummary } from "../../src/protocol/index.ts";
import { episodeRecords, messagesOf, openPage, openStudio, spec, temporaryFolders, visitorOf } from "./fixture.ts";

const newFolder = temporaryFolders();

it("keeps an episode, and shows it", async () => {
  const data = newFolder();
  const server = await openStudio({ data });
  const [address] = server.addresses;
  const page = await openPage(address);
  const records = episodeRecords(3, 20);
  const messages = messagesOf("20261126T061530-ada-000001", records);
  const answers = [];
  for (const message of messages) answers.push(await page.answer(message));
  expect(answers.at(0)).toMatchObject({ kind: "held", steps: 0, ended: false });
  expect(answers.at(-2)).toMatchObject({ kind: "held", steps: 20, ended: false });
  expect(answers.at(-1)).toMatchObject({ kind: "held", steps: 20, ended: true });
  await page.next((one) => one.kind === "changed");

  const store = await openStore(join(data, "push-t", "dataset"));
  const stored = await store.readEpisode("20261126T061530-ada-000001");
  expect(stored).toMatchObject({ seed: 3, actors: ["Ada"], success: true, wallTime: 1.76e9 + 3000 });
  expect(stored.steps.length).toBe(20);

  const ask = await visitorOf(address);
  const get = async (path: string) => JSON.parse((await ask(path)).text);
  const summary: StudioSummary = await get("/api/studio");
  expect(summary.tasks.find(({ name }) => name === "push-t")).toMatchObject({ episodes: 1 });
  const [listed]: EpisodeSummary[] = await get("/api/tasks/push-t/episodes");
  expect(listed).toMatchObject({
    operator: "Ada",
    steps: 20,
    seconds: 20 / spec.controlRate,
    success: true,
    deleted: false,
    interrupted: false,
    interventions: 4,
    labels: 7,
    policyVersions: ["push-t-1"],
    forked: null,
  });
  expect(listed.strip.slice(0, 3)).toEqual([
    ["expert", 2],
    ["policy", 3],
    ["expert", 2],
  ]);
  const detail: EpisodeDetail = await get(`/api/tasks/push-t/episodes/${listed.id}`);
  expect(detail.actions[7]).toEqual(spec.action.names.map((_, i) => 7 + i));
  expect(detail.proposed[0]).toBe(null);
  expect(detail.gate.stac.slice(0, 2)).toEqual([0, null]);
  // The file is what the store itself writes of these records.
  expect(readFileSync(join(store.path, "episodes", `${listed.id}.mcap`)).length).toBeGreaterThan(1000);
});
