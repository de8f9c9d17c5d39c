/** What the server has on its disk, held against what the page showed and against the worlds themselves. */
import { join } from "node:path";
import { expect } from "vitest";
import { openStore, type StoredEpisode } from "../../src/datasets/node.ts";
import { findTask } from "../../src/tasks/index.ts";
import type { Snapshot, World } from "../../src/world/index.ts";
import type { Shown } from "./browser.ts";

/** All episodes of a task, as they were recorded, the oldest first; deleted ones too. */
export async function recordedOf(data: string, task: string): Promise<StoredEpisode[]> {
  const store = await openStore(join(data, task, "dataset"));
  return Promise.all(store.episodeIds({ deleted: true }).map((id) => store.readEpisode(id)));
}

/** How often each drove, in turn: [["policy", 20], ["expert", 12]]. */
export function stripOf({ steps }: Pick<StoredEpisode, "steps">): [controller: string, steps: number][] {
  const strip: [string, number][] = [];
  for (const { controller } of steps) {
    const last = strip.at(-1);
    if (last?.[0] === controller) last[1] += 1;
    else strip.push([controller, 1]);
  }
  return strip;
}

/**
 * Every step that was shown was recorded as it was shown, and there are no others: none is lost, doubled or made up. Only the
 * episodes `cutOff`, whose page was closed while they ran, may have gone on a little after what was seen of them last.
 */
export function expectAsShown(
  shown: readonly Shown[],
  episodes: readonly StoredEpisode[],
  { cutOff = [] }: { cutOff?: readonly string[] } = {},
): void {
  const seen = new Map<string, Map<number, Shown>>();
  for (const one of shown) {
    const known = seen.get(one.episode) ?? new Map<number, Shown>();
    seen.set(one.episode, known.set(one.step, one));
  }
  const withSteps = [...seen].filter(([, steps]) => Math.max(...steps.keys()) > 0);
  expect(episodes.map(({ id }) => id).sort()).toEqual(withSteps.map(([id]) => id).sort());
  for (const { id, steps } of episodes) {
    const those = [...(seen.get(id)?.values() ?? [])].filter(({ step }) => step > 0).sort((a, b) => a.step - b.step);
    const number = cutOff.includes(id) ? Math.min(those.length, steps.length) : steps.length;
    expect(those.map(({ step }) => step)).toEqual(Array.from({ length: number }, (_, i) => i + 1));
    for (const [i, view] of those.entries()) {
      const { action, controller, policyVersion } = steps[i];
      expect({ ...view, action: Float32Array.from(view.action ?? []) }).toMatchObject({
        action,
        controller,
        policyVersion,
      });
    }
  }
}

/** A fresh world, under the recorded actions from the episode's seed or snapshot, sees, earns and ends as was recorded. */
export function expectReplays(task: string, { seed, info: recorded, steps, endInfo }: StoredEpisode): void {
  const world = findTask(task).makeEnvironment() as World;
  let { observation, info } = beginAgain(world, seed, recorded.snapshot);
  const { forkedFrom: _, forkStep: __, snapshot: ___, ...first } = recorded;
  expect(info).toEqual(first);
  for (const [i, step] of steps.entries()) {
    const next = world.step(step.action);
    const { reward, terminated, truncated } = next;
    expect(step).toMatchObject({ observation, reward, terminated, truncated });
    expect(step.time).toBeCloseTo(i / world.spec.controlRate, 9);
    ({ observation, info } = next);
  }
  if (endInfo) expect(info).toEqual(endInfo);
  const last = steps.at(-1);
  expect(endInfo !== null).toBe(last !== undefined && (last.terminated || last.truncated));
}

/** A fork begins at the very state in which the episode that it leaves was after so many steps. */
export function expectForked(task: string, { info }: StoredEpisode, episodes: readonly StoredEpisode[]): void {
  const parent = episodes.find(({ id }) => id === info.forkedFrom);
  if (!parent) throw new Error(`episode ${info.forkedFrom} is not there`);
  const world = findTask(task).makeEnvironment() as World;
  beginAgain(world, parent.seed, parent.info.snapshot);
  for (const { action } of parent.steps.slice(0, Number(info.forkStep))) world.step(action);
  expect(JSON.parse(String(info.snapshot))).toEqual(JSON.parse(JSON.stringify(world.snapshot())));
}

function beginAgain(world: World, seed: number, snapshot: unknown): ReturnType<World["restore"]> {
  return typeof snapshot === "string" ? world.restore(JSON.parse(snapshot) as Snapshot) : world.reset(seed);
}
