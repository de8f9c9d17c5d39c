/** A driving world as it is drawn: a snapshot laid out in the plane, and where the ego would go under actions to come. */
import { cosine, sine } from "../../base/index.ts";
import { clampTo, type Snapshot } from "../../world/index.ts";
import { PART, PARTS } from "./clock.ts";
import { DRIVING_ACTION } from "./observation.ts";
import { type Pose, place, type Road } from "./road.ts";
import { type Layout, layOut, SCENARIOS, type Scenario } from "./scenarios.ts";
import { readSnapshot, type State } from "./state.ts";
import type { Kind } from "./traffic.ts";
import { drive, type Vehicle } from "./vehicle.ts";

/** Something on the road in the plane: its centre, the cosine and sine of its direction; sizes in m, speed in m/s. */
export interface ViewedObstacle extends Readonly<Pose> {
  readonly kind: Kind;
  readonly length: number;
  readonly width: number;
  readonly speed: number;
}

export interface DrivingView {
  readonly seed: number;
  /** The same object for every snapshot of a scenario and seed, so that it can be drawn once. */
  readonly road: Road;
  /** s at which the route ends and at which it began, m. */
  readonly goal: number;
  readonly start: number;
  readonly ego: Readonly<Pose> & Readonly<Vehicle>;
  /** In the same order in every snapshot of an episode, those that are hidden or gone too. */
  readonly obstacles: readonly ViewedObstacle[];
}

/** Where (s, d) of a road lies in the plane, and the road's direction there. */
export function placeOnRoad(road: Road, s: number, d: number): Pose {
  const pose = { x: 0, y: 0, cosine: 1, sine: 0 };
  place(road, s, d, pose);
  return pose;
}

function egoPose(road: Road, { s, d, headingError }: Vehicle): Pose {
  const pose = placeOnRoad(road, s, d);
  const [c, n] = [cosine(headingError), sine(headingError)];
  return { ...pose, cosine: pose.cosine * c - pose.sine * n, sine: pose.sine * c + pose.cosine * n };
}

/** The layouts that were drawn last: laying out costs more than all the rest of a view. */
const layouts = new Map<string, Layout>();
const MOST_LAYOUTS = 32;

function layOutOnce(scenario: Scenario, seed: number): Layout {
  const name = `${scenario} ${seed}`;
  const known = layouts.get(name);
  if (known) return known;
  const layout = layOut(scenario, seed);
  if (layouts.size >= MOST_LAYOUTS) layouts.clear();
  layouts.set(name, layout);
  return layout;
}

function read(snapshot: Snapshot): State {
  const scenario = SCENARIOS.find((one) => one === snapshot.scenario);
  if (!scenario) {
    throw new Error(`driving: scenario ${JSON.stringify(snapshot.scenario)}, expected one of ${SCENARIOS.join(", ")}`);
  }
  return readSnapshot(scenario, snapshot, layOutOnce);
}

/** Throws Error for what is no snapshot of a driving world. */
export function drivingView(snapshot: Snapshot): DrivingView {
  const { seed, layout, ego, obstacles } = read(snapshot);
  const { road, goal, start } = layout;
  return {
    seed,
    road,
    goal,
    start: start.s,
    ego: { ...ego, ...egoPose(road, ego) },
    obstacles: obstacles.map(({ kind, s, d, length, width, speed }) => ({
      ...placeOnRoad(road, s, d),
      kind,
      length,
      width,
      speed,
    })),
  };
}

/**
 * The ego's poses under `actions` [T][2], one control period each: first where it is, then after each action. Nothing on the
 * road is looked at; actions beyond the bounds are moved to them.
 */
export function driveAhead(snapshot: Snapshot, actions: readonly ArrayLike<number>[]): Pose[] {
  const { layout, ego } = read(snapshot);
  const poses = [egoPose(layout.road, ego)];
  for (const action of actions) {
    const [steering, acceleration] = clampTo(DRIVING_ACTION, action);
    for (let part = 0; part < PARTS; part++) drive(ego, layout.road, steering, acceleration, PART);
    poses.push(egoPose(layout.road, ego));
  }
  return poses;
}
