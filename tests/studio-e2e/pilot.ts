/**
 * Who sits at the keyboard and the mouse in these tests: looks at what the page shows, asks a scripted expert what it would do
 * there, and presses keys or moves the mouse accordingly. A few tenths of a second behind, as people are.
 */
import type { Page } from "playwright-core";
import { drivingView, fullSteering, PUSH_T } from "../../src/environments/index.ts";
import { findTask } from "../../src/tasks/index.ts";
import type { Actor, World } from "../../src/world/index.ts";
import type { LaneView } from "../../studio/src/session/messages.ts";
import type { Studio } from "./browser.ts";

/** Whether it is time to stop. */
type Until = (lane: LaneView) => boolean;

const atItsEnd: Until = ({ ended }) => ended !== null;

/** An expert of the task, who can be asked what it would do in a snapshot. */
function adviser(task: string, expert: string): (lane: LaneView) => Promise<Float32Array> {
  const { makeEnvironment, experts } = findTask(task);
  const mirror = makeEnvironment() as World;
  const actor: Actor = experts[expert](mirror);
  let episode = "";
  return async (lane) => {
    if (lane.episode !== episode) actor.reset(lane.seed);
    episode = lane.episode;
    return actor.act(mirror.restore(lane.snapshot).observation);
  };
}

/** A deflection that differs from the wheel's by less is left as it is. */
const NEAR = 0.1;
/** Share of the pedal below which nobody presses it. */
const LIGHT = 0.3;
const MOST_ACCELERATION = 3;
const MOST_BRAKING = 8;

/** The keys that bring wheel and pedals from where they are towards where an expert would have them. */
function keysFor({ snapshot, action }: LaneView, [steering, acceleration]: Float32Array): Set<string> {
  const full = fullSteering(drivingView(snapshot).ego.speed);
  const wanted = Math.min(Math.max(-steering / full, -1), 1);
  const now = action ? -action[0] / full : 0;
  const keys = new Set<string>();
  if (wanted > 0.05 && wanted - now > NEAR) keys.add("ArrowRight");
  if (wanted < -0.05 && now - wanted > NEAR) keys.add("ArrowLeft");
  if (acceleration > LIGHT * MOST_ACCELERATION) keys.add("ArrowUp");
  if (acceleration < -LIGHT * MOST_BRAKING) keys.add("ArrowDown");
  return keys;
}

/** Drives by the arrow keys until `until`, or the episode's end; lets go of all keys then. Returns what was seen last. */
export async function driveByKeys(
  { page, ticks }: Studio,
  task: string,
  { until = atItsEnd, style = "left" }: { until?: Until; style?: string } = {},
): Promise<LaneView> {
  const advice = adviser(task, style);
  const held = new Set<string>();
  const hold = async (wanted: ReadonlySet<string>) => {
    for (const key of [...held].filter((one) => !wanted.has(one))) {
      await page.keyboard.up(key);
      held.delete(key);
    }
    for (const key of [...wanted].filter((one) => !held.has(one))) {
      await page.keyboard.down(key);
      held.add(key);
    }
  };
  for await (const { lanes, focus } of ticks()) {
    const lane = lanes[focus];
    if (atItsEnd(lane) || until(lane)) {
      await hold(new Set());
      return lane;
    }
    await hold(keysFor(lane, await advice(lane)));
  }
  throw new Error("the page is closed");
}

/** Where a point of Push-T's window, px, is on the screen: a mouse stands on whole pixels. */
async function tableOf(page: Page): Promise<(point: ArrayLike<number>) => [x: number, y: number]> {
  const box = await page.getByLabel("The table from above").boundingBox();
  if (!box) throw new Error("there is no table to be seen");
  const { x, y, width } = box;
  const on = (value: number, from: number) => Math.round(from + (value / PUSH_T.window) * width);
  return (point) => [on(point[0], x), on(point[1], y)];
}

/** Presses on the table, which takes over, and moves the mouse until `until`, or the episode's end. */
export async function pushByMouse(
  { page, ticks }: Studio,
  { until = atItsEnd }: { until?: Until } = {},
): Promise<LaneView> {
  const advice = adviser("push-t", "pusher");
  const onScreen = await tableOf(page);
  let isDown = false;
  for await (const { lanes, focus } of ticks()) {
    const lane = lanes[focus];
    if (atItsEnd(lane) || until(lane)) {
      if (isDown) await page.mouse.up();
      return lane;
    }
    await page.mouse.move(...onScreen(await advice(lane)));
    if (!isDown) await page.mouse.down();
    isDown = true;
  }
  throw new Error("the page is closed");
}
