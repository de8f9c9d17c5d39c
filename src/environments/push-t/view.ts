/** Push-T as it is drawn: where everything is in a snapshot. */
import type { Snapshot } from "../../world/index.ts";
import { type Pose, poseAround } from "./shape.ts";
import { readPhysics } from "./snapshot.ts";

export interface PushTView {
  /** px. */
  readonly pusher: { readonly x: number; readonly y: number };
  readonly block: Pose;
}

/** Throws Error for what is no snapshot of Push-T. */
export function pushTView(snapshot: Snapshot): PushTView {
  const physics = readPhysics(snapshot);
  if (!physics) throw new Error(`push-t: ${JSON.stringify(snapshot)} is no snapshot of this world`);
  const { pusher, block } = physics;
  return { pusher: { x: pusher.x, y: pusher.y }, block: poseAround(block) };
}
