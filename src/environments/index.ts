/**
 * environments: the worlds that come with the house, one folder each.
 *
 * Law: imports `base` and `world` only. A world is deterministic: it computes with + - * / and sqrt and the elementary
 * functions of `base`, so that Node and every browser agree to the bit. `conformance/environment.ts` judges each of them.
 */

export { CART_POLE, type CartPoleState, type CartPoleWorld, cartPoleWorld } from "./classic/cart-pole.ts";
export { PENDULUM, type PendulumState, type PendulumWorld, pendulumWorld } from "./classic/pendulum.ts";
export { drivingAction, fullSteering, wheelAt } from "./driving/controls.ts";
export { follow } from "./driving/following.ts";
export { laneCentre, type Pose as RoadPose, ROAD, type Road } from "./driving/road.ts";
export { CRUISE, SCENARIOS, type Scenario } from "./driving/scenarios.ts";
export type { Scene, SceneObstacle } from "./driving/scene.ts";
export { VEHICLE } from "./driving/vehicle.ts";
export { type DrivingView, driveAhead, drivingView, placeOnRoad, type ViewedObstacle } from "./driving/view.ts";
export { type DrivingOptions, type DrivingWorld, drivingWorld } from "./driving/world.ts";
export { FORK, forkWorld } from "./fork/world.ts";
export { PUSHER_RADIUS } from "./push-t/physics.ts";
export { centreOf, keypointsAt, poseOfKeypoints, RECTANGLES as T_RECTANGLES } from "./push-t/shape.ts";
export { type PushTView, pushTView } from "./push-t/view.ts";
export { PUSH_T, type PushTStart, type PushTState, type PushTWorld, pushTWorld } from "./push-t/world.ts";
export { type ChainOptions, chainWorld, manyChains, rightTurn } from "./theory/chain.ts";
export { DRIFT, driftWorld, manyDrifts } from "./theory/drift.ts";
export type { ManyEpisodes } from "./theory/many.ts";
