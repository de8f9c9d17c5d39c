/** Which worlds can be drawn, and where chunks of actions lead in them. */
import type { DrivingWorld, PushTWorld } from "../../environments/index.ts";
import { clampTo, type Snapshot, type World } from "../../world/index.ts";
import type { Markup } from "../markup.ts";
import { drawDriving } from "./driving.ts";
import { drawFork } from "./fork.ts";
import { drawPushT } from "./push-t.ts";
import type { Way, Ways } from "./ways.ts";

/** A world with a drawing of its present moment. */
export interface Stage {
  /** `form`: one of a few large scenes, or one of several moments side by side. */
  draw(ways: Ways, form: "scene" | "moment", label: string): Markup;
  /** Where it is that acts, in the drawing's coordinates. */
  position(): readonly [number, number];
  /** Where a chunk of actions [N, Da] leads from here; the world is left as it was. */
  wayOf(chunk: Float32Array): Way;
  /** How much of the page a scene takes, and a strip of moments. */
  readonly sizes: { readonly scene: "quarter" | "half"; readonly strip: "half" | "full" };
  /** What must be said of the drawing. */
  readonly remark?: string;
  /** Moments of a strip in a row, on wide and on narrow screens. */
  readonly columns: { readonly wide: number; readonly narrow: number };
}

const isPushT = (world: World): world is PushTWorld => world.spec.name === "push-t" && "state" in world;
const isDriving = (world: World): world is DrivingWorld => /^driving\b/.test(world.spec.name) && "scene" in world;

/** The stage of a world, or null where there is no drawing for it. */
export function stageOf(world: World): Stage | null {
  if (isPushT(world)) return pushTStage(world);
  if (isDriving(world)) return drivingStage(world);
  return world.spec.name === "fork" ? forkStage(world) : null;
}

/** The action of Push-T is where the pusher is pulled to, so that a chunk is a way as it stands. */
function pushTStage(world: PushTWorld): Stage {
  const position = () => {
    const { x, y } = world.state().pusher;
    return [x, y] as const;
  };
  return {
    sizes: { scene: "quarter", strip: "full" },
    columns: { wide: 6, narrow: 3 },
    position,
    draw: (ways, form, label) =>
      drawPushT({ state: world.state(), label, ...ways, ...(form === "moment" && { lineWidth: 5 }) }),
    wayOf: (chunk) => [
      position(),
      ...Array.from({ length: chunk.length / 2 }, (_, i) => [chunk[2 * i], chunk[2 * i + 1]] as const),
    ],
  };
}

/** Moments stand side by side, so that the road leads upwards. */
const UPWARDS = { towards: "up", behind: 12, ahead: 32 } as const;

function drivingStage(world: DrivingWorld): Stage {
  return {
    sizes: { scene: "half", strip: "half" },
    columns: { wide: 6, narrow: 6 },
    remark: "The road is drawn straight.",
    position: () => placeOf(world),
    draw: (ways, form, label) =>
      drawDriving({
        scene: world.scene(),
        label,
        ...ways,
        ...(form === "moment" && UPWARDS),
      }),
    wayOf: (chunk) => pathOfChunk(world, world.snapshot(), chunk),
  };
}

function forkStage(world: World): Stage {
  return {
    sizes: { scene: "half", strip: "full" },
    columns: { wide: 3, narrow: 1 },
    position: () => placeOf(world),
    draw: (ways, _form, label) => drawFork({ position: placeOf(world), label, ...ways }),
    wayOf: (chunk) => pathOfChunk(world, world.snapshot(), chunk),
  };
}

/** (s, d) of the ego, or (x, y) in a fork. */
function placeOf(world: World): readonly [number, number] {
  if (isDriving(world)) {
    const { s, d } = world.scene().ego;
    return [s, d];
  }
  const { x, y } = world.snapshot();
  return [Number(x), Number(y)];
}

/**
 * The path that a world takes from `snapshot` under the actions of `chunk` [N, Da], open loop: the place before each
 * action and after the last, N + 1 in all, or fewer where the episode ends before. Actions are clamped as in a rollout. The world is
 * put back to where it was.
 */
export function pathOfChunk(world: World, snapshot: Snapshot, chunk: Float32Array): Way {
  const before = world.snapshot();
  const size = world.spec.action.names.length;
  world.restore(snapshot);
  const path = [placeOf(world)];
  for (let at = 0; at + size <= chunk.length; at += size) {
    const { terminated, truncated } = world.step(clampTo(world.spec.action, chunk.subarray(at, at + size)));
    path.push(placeOf(world));
    if (terminated || truncated) break;
  }
  world.restore(before);
  return path;
}
