/** The intelligent driver model (Treiber, Hennecke and Helbing 2000, Physical Review E 62, equations 2 and 3). */

/** s0 in m, T in s, a and b in m/s². */
export const FOLLOWING = { standstill: 2, headway: 1.2, acceleration: 1.5, deceleration: 2.5, hardest: 8 } as const;

/**
 * Acceleration in m/s² of a vehicle at `speed` that would like to go `desired`, `gap` (m, bumper to bumper; Infinity on a
 * free road) behind a leader that it approaches at `approach` m/s. Never below -`hardest`.
 */
export function follow(speed: number, desired: number, gap: number, approach: number): number {
  const { standstill, headway, acceleration, deceleration, hardest } = FOLLOWING;
  const free = (speed / desired) * (speed / desired);
  const dynamic = speed * headway + (speed * approach) / (2 * Math.sqrt(acceleration * deceleration));
  const ratio = (standstill + Math.max(0, dynamic)) / Math.max(gap, 0.01);
  return Math.max(acceleration * (1 - free * free - ratio * ratio), -hardest);
}
