/** Fewer points that look the same. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * At most about `most` of the points (in order of x), so that the curve looks the same: the first and the last, and the
 * lowest and the highest of each of most / 2 stretches of equally many points. Not finite ones are left out.
 */
export function thinned(points: readonly Point[], most: number): Point[] {
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  if (finite.length <= most) return finite;
  const inner = finite.slice(1, -1);
  const stretches = Math.max(1, Math.floor((most - 2) / 2));
  const kept: Point[] = [finite[0]];
  for (let i = 0; i < stretches; i++) {
    const part = inner.slice(
      Math.floor((i * inner.length) / stretches),
      Math.floor(((i + 1) * inner.length) / stretches),
    );
    if (part.length === 0) continue;
    const low = part.reduce((a, b) => (b.y < a.y ? b : a));
    const high = part.reduce((a, b) => (b.y > a.y ? b : a));
    kept.push(...(low === high ? [low] : low.x < high.x ? [low, high] : [high, low]));
  }
  return [...kept, finite[finite.length - 1]];
}

/** The mean of y over windows of points centred at each point, `width` points wide: the trend of a noisy curve. */
export function smoothed(points: readonly Point[], width: number): Point[] {
  const sums = [0];
  for (const { y } of points) sums.push(sums[sums.length - 1] + y);
  const half = Math.floor(width / 2);
  return points.map(({ x }, i) => {
    const [from, to] = [Math.max(0, i - half), Math.min(points.length, i + half + 1)];
    return { x, y: (sums[to] - sums[from]) / (to - from) };
  });
}
