/**
 * Push-T (ALGORITHMS.md 10.1; Florence et al. 2021, Chi et al. 2023): a disc, pulled to the action, pushes a T onto its goal. Human
 * recordings of the original transfer: `experiments/push-t-fidelity` measures how well.
 */
import { randomStream } from "../../base/index.ts";
import {
  type Box,
  box,
  type EnvironmentSpec,
  findOutside,
  type Info,
  type Observation,
  type World,
  worldKey,
} from "../../world/index.ts";
import { coverageOf } from "./coverage.ts";
import { advance, atRest, type PhysicsState, substep } from "./physics.ts";
import { centreOf, KEYPOINTS, keypointsAt, type Pose, poseAround } from "./shape.ts";
import { readPhysics, showPhysics } from "./snapshot.ts";

/** Lengths in px, angles in rad, rates in Hz. */
export const PUSH_T = {
  window: 512,
  goal: { x: 256, y: 256, angle: Math.PI / 4 },
  /** More than this share of the goal covered is success. */
  successCoverage: 0.95,
  controlRate: 10,
  substeps: 10,
} as const;

/** The recordings' name of the array with the pusher's position. */
const PUSHER = "agent";

/** The pusher stays in the window: it is damped beyond oscillation, and its targets lie in the window. */
const WINDOW = { low: 0, high: PUSH_T.window };
/** The T is pushed at most as far as the pusher reaches, and is nowhere longer than 142 px. */
const REACH = { low: -192, high: 704 };

const pixels = (range: { low: number; high: number }, names: readonly string[]): Box =>
  box(...names.map((name) => ({ name, unit: "px", ...range })));
const AXES = ["x", "y"];

/** Where everything is: the five numbers of the human recordings, and the velocity that they leave out. */
export interface PushTState {
  readonly pusher: { readonly x: number; readonly y: number };
  /** The origin of the T's body, in the middle of the bar's top edge, and its angle. */
  readonly block: Pose;
  /** Of the pusher, px/s. */
  readonly velocity: { readonly x: number; readonly y: number };
}

/** Where to begin. The pusher stands where no velocity is given. */
export interface PushTStart extends Pick<PushTState, "pusher" | "block"> {
  readonly velocity?: PushTState["velocity"];
  /**
   * Which is set first, the T's position or its angle (the default). The angle turns the T about its centre of gravity:
   * set last, as in the original's "legacy" mode, it takes the T's origin away from where `block` says. The human
   * episodes and the published evaluations begin in that order, and so does `reset`.
   */
  readonly first?: "position" | "angle";
}

/** A World that can be put anywhere. */
export interface PushTWorld extends World {
  /**
   * Begins an episode at a given state. Contacts are found at rest before it, as in the original, which moves nothing.
   * Throws RangeError for numbers that are not finite.
   */
  start(start: PushTStart): { observation: Observation; info: Info };
  /** Throws Error before the first reset. */
  state(): PushTState;
}

function pushTSpec(maxSteps: number): EnvironmentSpec {
  return {
    name: "push-t",
    observation: {
      keypoint: pixels(
        REACH,
        KEYPOINTS.flatMap((_, i) => AXES.map((axis) => `${i}.${axis}`)),
      ),
      [PUSHER]: pixels(WINDOW, AXES),
    },
    action: pixels(
      WINDOW,
      AXES.map((axis) => `target.${axis}`),
    ),
    controlRate: PUSH_T.controlRate,
    maxSteps,
  };
}

/**
 * A Push-T world. Reward is the covered share of the goal over 0.95, at most 1; more than 0.95 covered terminates with
 * success; `info.coverage` is the share itself. `reset` draws whole px: the pusher from [50, 450), the T from [100, 400),
 * and the angle as 2π times a standard normal number - π, position first.
 */
export function pushTWorld({ maxSteps = 300 }: { maxSteps?: number } = {}): PushTWorld {
  const spec = pushTSpec(maxSteps);
  let physics: PhysicsState | null = null;
  let steps = 0;
  let coverage = 0;

  const begin = (state: PhysicsState, count: number) => {
    physics = state;
    steps = count;
    coverage = coverageOf(poseAround(state.block), PUSH_T.goal);
  };
  const success = () => coverage > PUSH_T.successCoverage;
  // a start on the goal is an episode of one step
  const terminated = () => steps > 0 && success();
  const describe = () => ({ success: success(), coverage });
  const start = (from: PushTStart) => {
    const state = placed(from);
    begin(state, 0);
    return { observation: observe(state), info: describe() };
  };

  return {
    spec,
    reset: (seed) => start(drawStart(seed)),
    start,
    step(action) {
      if (!physics) throw new Error("push-t: step before the first reset");
      if (terminated() || steps >= maxSteps) throw new Error("push-t: step after the end of the episode");
      const problem = findOutside(spec.action, action);
      if (problem) throw new RangeError(`push-t: action ${problem}`);
      for (let i = 0; i < PUSH_T.substeps; i++) substep(physics, action[0], action[1]);
      begin(physics, steps + 1);
      const ended = terminated();
      return {
        observation: observe(physics),
        reward: Math.min(1, Math.max(0, coverage / PUSH_T.successCoverage)),
        terminated: ended,
        truncated: !ended && steps >= maxSteps,
        info: describe(),
      };
    },
    state() {
      if (!physics) throw new Error("push-t: state before the first reset");
      const { x, y, vx, vy } = physics.pusher;
      return { pusher: { x, y }, block: poseAround(physics.block), velocity: { x: vx, y: vy } };
    },
    snapshot() {
      if (!physics) throw new Error("push-t: snapshot before the first reset");
      return { ...showPhysics(physics), steps };
    },
    restore(snapshot) {
      const [state, { steps: count }] = [readPhysics(snapshot), snapshot];
      if (!state || typeof count !== "number")
        throw new Error(`push-t: ${JSON.stringify(snapshot)} is no snapshot of this world`);
      begin(state, count);
      return { observation: observe(state), info: describe() };
    },
  };
}

function drawStart(seed: number): PushTStart {
  const stream = randomStream(worldKey(seed));
  const point = (low: number, high: number) => ({ x: stream.integer(low, high), y: stream.integer(low, high) });
  const pusher = point(50, 450);
  const block = { ...point(100, 400), angle: stream.normal() * 2 * Math.PI - Math.PI };
  return { pusher, block, first: "position" };
}

function placed({ pusher, block, velocity = { x: 0, y: 0 }, first = "angle" }: PushTStart): PhysicsState {
  const numbers = [pusher.x, pusher.y, block.x, block.y, block.angle, velocity.x, velocity.y];
  if (!numbers.every(Number.isFinite)) {
    throw new RangeError(`push-t: start [${numbers.join(", ")}], expected 7 finite numbers`);
  }
  const centre = centreOf(first === "position" ? { ...block, angle: 0 } : block);
  const state = atRest(pusher, { ...centre, angle: block.angle });
  advance(state);
  state.pusher.vx = velocity.x;
  state.pusher.vy = velocity.y;
  return state;
}

function observe({ pusher, block }: PhysicsState): Observation {
  return { keypoint: keypointsAt(poseAround(block)), [PUSHER]: Float32Array.of(pusher.x, pusher.y) };
}
