/** Draws while a stage is there, and tells how often. */

export interface Drawing {
  /** `now` in ms, `seconds` since the last turn; whether there was anything to draw. */
  draw(now: number, seconds: number): boolean;
  /** ms from turn to turn, at least; every picture of the screen where left out. */
  period?(): number;
  /** Pictures per second, once a second. */
  told?(rate: number): void;
}

/** Answers what ends it. */
export function drawOnAndOn({ draw, period = () => 0, told }: Drawing): () => void {
  let [last, frame, count, since] = [performance.now(), 0, 0, performance.now()];
  const turn = (now: number) => {
    if (now - last >= period() - 4) {
      // A tab that slept catches up at once, not in one long picture.
      if (draw(performance.now(), Math.min((now - last) / 1000, 0.1))) count += 1;
      last = now;
    }
    if (now - since > 1000) {
      told?.(Math.round((count * 1000) / (now - since)));
      [count, since] = [0, now];
    }
    frame = requestAnimationFrame(turn);
  };
  frame = requestAnimationFrame(turn);
  return () => cancelAnimationFrame(frame);
}
