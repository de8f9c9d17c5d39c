/**
 * Driving (issue 3): a road of three lanes with bends, on which slower and standing vehicles and road works force a
 * decision: to pass on the left, to pass on the right, or to stay behind. The ego is a dynamic bicycle model under 20 Hz
 * control, integrated at 100 Hz; the others drive themselves.
 */
import { cosine, sine } from "../../base/index.ts";
import { findOutside, type Info, type World } from "../../world/index.ts";
import { CONTROL_RATE, PART, PARTS, PERIOD } from "./clock.ts";
import { findContact } from "./contact.ts";
import { drivingSpec, observe } from "./observation.ts";
import { curvatureAt, ROAD } from "./road.ts";
import type { Scenario } from "./scenarios.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { readSnapshot, type State, snapshotOf, startState } from "./state.ts";
import { changeThings, moveOn, thinkAhead } from "./traffic.ts";
import { drive, VEHICLE } from "./vehicle.ts";

/** Longest episodes: 80 s, enough to follow the slowest vehicle to the end; and 30 s. */
const MAX_STEPS: Readonly<Record<Scenario, number>> = { traffic: 1600, fork: 600, urgent: 600, leisurely: 600 };

const HALF_DIAGONAL = Math.sqrt(VEHICLE.length * VEHICLE.length + VEHICLE.width * VEHICLE.width) / 2;

export interface DrivingWorld extends World {
  /** What is true at this moment beyond the observation: for experts and for drawing. Error before the first reset. */
  scene(): Scene;
}

export interface DrivingOptions {
  scenario?: Scenario;
  maxSteps?: number;
}

/**
 * A driving world. Action: the steering angle of the front wheels (rad), to which they turn at no more than 1 rad/s, and
 * the acceleration (m/s²). Success: the end of the route is reached without touching anything and without a corner of the
 * ego beyond the edge of the road; touching and leaving terminate. Reward: the part of the route covered in the step.
 *
 * `info`: `collision`, `obstacleCollision` (with the first obstacle, the one the decision is about), `departure`,
 * `progress` (0 to 1), `rmsJerk` (m/s³) and `rmsLateralAcceleration` (m/s²) over the episode so far; `mode` is the side
 * on which the first obstacle was passed, or `behind` when the ego stayed behind it until it moved on or the route ended.
 */
export function drivingWorld({
  scenario = "traffic",
  maxSteps = MAX_STEPS[scenario],
}: DrivingOptions = {}): DrivingWorld {
  const spec = drivingSpec(scenario, CONTROL_RATE, maxSteps);
  let state: State | null = null;

  const current = (verb: string): State => {
    if (!state) throw new Error(`driving: ${verb} before the first reset`);
    return state;
  };
  const observed = ({ layout, ego, obstacles }: State) => observe(layout.road, ego, obstacles);

  return {
    spec,
    reset(seed) {
      state = startState(scenario, seed);
      return { observation: observed(state), info: describe(state) };
    },
    step(action) {
      const now = current("step");
      if (hasTerminated(now) || now.steps >= maxSteps) throw new Error("driving: step after the end of the episode");
      const problem = findOutside(spec.action, action);
      if (problem) throw new RangeError(`driving: action ${problem}`);
      const before = progress(now);
      advance(now, action[0], action[1]);
      const terminated = hasTerminated(now);
      return {
        observation: observed(now),
        reward: progress(now) - before,
        terminated,
        truncated: !terminated && now.steps >= maxSteps,
        info: describe(now),
      };
    },
    snapshot: () => snapshotOf(scenario, current("snapshot")),
    restore(snapshot) {
      state = readSnapshot(scenario, snapshot);
      return { observation: observed(state), info: describe(state) };
    },
    scene() {
      const { ego, obstacles, layout } = current("scene");
      return sceneOf(ego, obstacles, layout, curvatureAt(layout.road, ego.s));
    },
  };
}

const hasTerminated = ({ touched, departed, arrived }: State) => touched >= 0 || departed || arrived;

function progress({ ego, layout: { start, goal } }: State): number {
  return Math.min(Math.max((ego.s - start.s) / (goal - start.s), 0), 1);
}

function describe(state: State): Info {
  const { touched, departed, arrived, mode, steps, jerkSquares, lateralSquares } = state;
  return {
    success: arrived && touched < 0 && !departed,
    collision: touched >= 0,
    obstacleCollision: touched === 0,
    departure: departed,
    progress: progress(state),
    rmsJerk: Math.sqrt(jerkSquares / Math.max(steps, 1)),
    rmsLateralAcceleration: Math.sqrt(lateralSquares / Math.max(steps, 1)),
    mode: mode ?? undefined,
  };
}

/** One control period; it stops early where the episode does. */
function advance(state: State, steering: number, acceleration: number): void {
  const { ego, obstacles, layout } = state;
  const { forwardAcceleration, lateralAcceleration } = ego;
  thinkAhead(obstacles, ego);
  for (let part = 0; part < PARTS && !hasTerminated(state); part++) {
    drive(ego, layout.road, steering, acceleration, PART);
    moveOn(obstacles, PART);
    state.touched = findContact(layout.road, ego, obstacles);
    state.departed = isOff(state);
    state.arrived = ego.s >= layout.goal;
  }
  decide(state);
  changeThings(obstacles, ego, PERIOD);
  state.steps += 1;
  const forwardJerk = (ego.forwardAcceleration - forwardAcceleration) / PERIOD;
  const lateralJerk = (ego.lateralAcceleration - lateralAcceleration) / PERIOD;
  state.jerkSquares += forwardJerk * forwardJerk + lateralJerk * lateralJerk;
  state.lateralSquares += ego.lateralAcceleration * ego.lateralAcceleration;
}

/** Whether a corner of the ego is beyond the edge, or it has turned across the road. */
function isOff({ ego: { d, headingError } }: State): boolean {
  const turned = Math.abs(headingError);
  if (Math.abs(d) + HALF_DIAGONAL < ROAD.edge && turned < 1) return false;
  const reach = (VEHICLE.width * cosine(turned) + VEHICLE.length * sine(turned)) / 2;
  return turned > Math.PI / 2 || Math.abs(d) + reach > ROAD.edge;
}

/** Notes how the first obstacle was dealt with, once that is settled. */
function decide(state: State): void {
  if (state.mode) return;
  const { ego, obstacles, layout, touched, arrived } = state;
  const first = obstacles[0];
  const movedOn = first.kind === "gone" || (first.kind === "moving" && layout.obstacles[0].kind === "standing");
  if (movedOn) state.mode = "behind";
  else if (ego.s > first.s && touched !== 0) state.mode = ego.d > first.d ? "left" : "right";
  else if (arrived) state.mode = "behind";
}
