/** Which world comes forward: the one that needs help most, without jumping to and fro. */

export interface Need {
  /** The greater the sooner. */
  readonly need: number;
  readonly alarmed: boolean;
  readonly isOver: boolean;
}

/** A world must need this much more than the one in front, times and plus, to take its place. */
const MORE = { times: 1.25, plus: 0.05 } as const;

/** The number of the world that comes forward, where `front` stands there now. */
export function forwardOf(lanes: readonly Need[], front: number): number {
  const weigh = ({ need, alarmed, isOver }: Need) => (isOver ? -1 : need + (alarmed ? 1000 : 0));
  const now = lanes[front] ? weigh(lanes[front]) : Number.NEGATIVE_INFINITY;
  let best = front;
  lanes.forEach((lane, i) => {
    const isMore = weigh(lane) > Math.max(now, 0) * MORE.times + MORE.plus || (now < 0 && weigh(lane) >= 0);
    if (isMore && weigh(lane) > (best === front ? now : weigh(lanes[best]))) best = i;
  });
  return best;
}
