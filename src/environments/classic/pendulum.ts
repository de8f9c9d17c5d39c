/**
 * The pendulum: a rod on an axle is swung up by a torque too weak to lift it at once. The same as Gymnasium's Pendulum-v1 under
 * NumPy 2, float32 torques included. Measured: of 450 episodes repeated from Gymnasium's starts and torques, 446 stay within 1e-6
 * to the end; in the others the rod stands upright, where without correction a last bit grows 2 x 10^14 times in 8.5 s.
 */
import { preciseCosine as cosine, randomStream, preciseSine as sine } from "../../base/index.ts";
import {
  box,
  type EnvironmentSpec,
  type Info,
  type Observation,
  type Snapshot,
  type World,
  worldKey,
} from "../../world/index.ts";
import { valueWorld } from "../value-world.ts";

/** SI units (the rod has 1 kg and 1 m); angles in rad, 0 is upright. */
export const PENDULUM = {
  gravity: 10,
  period: 0.05,
  maxTorque: 2,
  maxRate: 8,
  /** An episode begins at any angle and within this rate. */
  startRate: 1,
  /** Held means: within this of upright, and slower than this, for as many steps until the end. */
  held: { angle: 0.2, rate: 0.5, steps: 20 },
} as const;

const { gravity, period, maxTorque, maxRate, startRate, held } = PENDULUM;
const UPRIGHT = cosine(held.angle);

export interface PendulumState {
  /** rad, not wrapped: whole turns are counted. */
  readonly angle: number;
  /** rad/s. */
  readonly rate: number;
}

/** A World that can be put anywhere. */
export interface PendulumWorld extends World {
  /** Begins an episode at a given state. Throws RangeError for numbers that are not finite. */
  start(state: PendulumState): { observation: Observation; info: Info };
  /** Throws Error before the first reset. */
  state(): PendulumState;
}

function pendulumSpec(maxSteps: number): EnvironmentSpec {
  return {
    name: "pendulum",
    observation: {
      rod: box(
        { name: "cosine", unit: "1", low: -1, high: 1 },
        { name: "sine", unit: "1", low: -1, high: 1 },
        { name: "rate", unit: "rad/s", low: -maxRate, high: maxRate },
      ),
    },
    action: box({ name: "torque", unit: "N m", low: -maxTorque, high: maxTorque }),
    controlRate: 1 / period,
    maxSteps,
  };
}

/**
 * A pendulum world. Reward is -(angle² + 0.1 rate² + 0.001 torque²) of the state that is left, the angle wrapped to [-π, π).
 * Nothing terminates. Gymnasium has no success; here it is to have been within 0.2 rad of upright and slower than 0.5 rad/s for
 * the last 20 steps (1 s); `info.held` counts them.
 */
export function pendulumWorld({ maxSteps = 200 }: { maxSteps?: number } = {}): PendulumWorld {
  const { startAt, state, ...world } = valueWorld<State>({
    spec: pendulumSpec(maxSteps),
    begin: (seed) => ({ ...drawStart(seed), upright: 0 }),
    advance(before, action) {
      const next = advance(before, action[0]);
      // named one by one: spread, they take twice the time
      const { angle, rate } = next;
      return { angle, rate, upright: isHeld(next) ? before.upright + 1 : 0 };
    },
    observe,
    reward: (_, before, action) => -costOf(before, action[0]),
    describe: ({ upright }) => ({ success: upright >= held.steps, held: upright }),
    read: readState,
  });
  return {
    ...world,
    start: (from) => startAt({ ...checked(from), upright: 0 }),
    state() {
      const { angle, rate } = state();
      return { angle, rate };
    },
  };
}

interface State extends PendulumState {
  /** Steps in a row that ended upright and slow. */
  readonly upright: number;
}

/** Gymnasium's torque is a float32, and so are its products with constants. */
const float32 = Math.fround;

/** One period of semi-implicit Euler: ω' = 3 g / 2 sin θ + 3 u for a rod of 1 kg and 1 m. */
function advance({ angle, rate }: PendulumState, torque: number): PendulumState {
  const free = rate + (((3 * gravity) / 2) * sine(angle) + float32(3 * torque)) * period;
  const next = Math.min(maxRate, Math.max(-maxRate, free));
  return { angle: angle + next * period, rate: next };
}

function costOf({ angle, rate }: PendulumState, torque: number): number {
  const off = wrapped(angle);
  return off * off + 0.1 * (rate * rate) + float32(float32(0.001) * float32(torque * torque));
}

/** The same angle in [-π, π). */
function wrapped(angle: number): number {
  const turn = 2 * Math.PI;
  const rest = (angle + Math.PI) % turn;
  return (rest < 0 ? rest + turn : rest) - Math.PI;
}

const isHeld = ({ angle, rate }: PendulumState) => cosine(angle) > UPRIGHT && Math.abs(rate) < held.rate;

function observe({ angle, rate }: PendulumState): Observation {
  return { rod: Float32Array.of(cosine(angle), sine(angle), rate) };
}

function drawStart(seed: number): PendulumState {
  const stream = randomStream(worldKey(seed));
  const draw = (range: number) => (2 * stream.uniform() - 1) * range;
  return { angle: draw(Math.PI), rate: draw(startRate) };
}

function checked({ angle, rate }: PendulumState): PendulumState {
  if (!Number.isFinite(angle) || !Number.isFinite(rate)) {
    throw new RangeError(`pendulum: start [${angle}, ${rate}], expected 2 finite numbers`);
  }
  return { angle, rate };
}

function readState({ angle, rate, upright }: Snapshot): State | null {
  const fits = typeof angle === "number" && typeof rate === "number" && typeof upright === "number";
  return fits ? { angle, rate, upright } : null;
}
