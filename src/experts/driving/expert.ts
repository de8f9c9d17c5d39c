/**
 * Expert drivers, each of one style throughout. They read the scene of the world (`DrivingWorld.scene`: what is there,
 * where, how fast), not its observation, and keep no memory: what they would do can be asked at any state of that world.
 */
import { type DrivingWorld, type Scene, type SceneObstacle, VEHICLE } from "../../environments/index.ts";
import type { Actor } from "../../world/index.ts";
import { steer } from "./control.ts";
import { chooseWay, type DrivingStyle, type Way } from "./way.ts";

/** The driver of `world` in a style. Its action answers to the world's present state, whatever observation it is handed. */
export function drivingExpert(world: DrivingWorld, style: DrivingStyle): Actor {
  return {
    name: style,
    controller: "expert",
    reset() {},
    act: () => driveBy(world.scene(), style),
  };
}

/** The action [steering, acceleration] of a style in a scene. */
function driveBy(scene: Scene, style: DrivingStyle): Float32Array {
  const noticed = style === "careless" ? { ...scene, obstacles: scene.obstacles.filter(isNear(scene)) } : scene;
  const way: Way = chooseWay(noticed, style);
  return Float32Array.of(steer(noticed, way), way.acceleration);
}

/** s ahead of the ego at its present speed. */
const NOTICE = 1.1;

function isNear({ ego }: Scene): (one: SceneObstacle) => boolean {
  return ({ s, length }) => s - ego.s - (length + VEHICLE.length) / 2 < NOTICE * ego.speed;
}
