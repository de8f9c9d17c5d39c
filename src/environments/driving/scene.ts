/** What is true of a driving world at one moment, beyond what its observation tells: for experts and for drawing. */
import type { Layout } from "./scenarios.ts";
import { isThere, type Kind, type Obstacle } from "./traffic.ts";
import type { Vehicle } from "./vehicle.ts";

/** A thing on the road that is there now; crates that have not fallen are not listed. */
export interface SceneObstacle {
  readonly kind: Kind;
  /** Its centre on the road, m; its axis is parallel to the road's. */
  readonly s: number;
  readonly d: number;
  readonly length: number;
  readonly width: number;
  /** m/s. */
  readonly speed: number;
}

/** The privileged view of a moment. Copies: nothing in it changes later. */
export interface Scene {
  readonly ego: Readonly<Vehicle>;
  readonly obstacles: readonly SceneObstacle[];
  /** s at which the route ends, m. */
  readonly goal: number;
  /** Curvature of the road at the ego, 1/m. */
  readonly curvature: number;
}

export function sceneOf(ego: Vehicle, obstacles: readonly Obstacle[], { goal }: Layout, curvature: number): Scene {
  const there = obstacles.filter(isThere);
  return {
    ego: { ...ego },
    obstacles: there.map(({ kind, s, d, length, width, speed }) => ({ kind, s, d, length, width, speed })),
    goal,
    curvature,
  };
}
