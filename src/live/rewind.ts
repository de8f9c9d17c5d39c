/** The newest moments of a lane, at each of which time can be stopped and go on otherwise. */

export interface Tape<Moment> {
  /** The moment that is looked at; null while time has not been turned back. */
  readonly at: Moment | null;
  /** Moments that lie behind it. */
  readonly behind: number;
  /** The moment that is now. Throws Error while time is turned back. */
  add(moment: Moment): void;
  /** What was now is over, as where an episode ends: nothing goes on from there, only from what is behind. */
  leave(): void;
  /** One moment back; where there is none behind it stays. */
  back(): void;
  /** Goes on from the moment that is looked at: it and all after it are forgotten, and time runs on. */
  resume(): void;
  /** Time runs on as if it had not been turned back. */
  release(): void;
}

/** Keeps so many moments, the newest. */
export function createTape<Moment>(capacity: number): Tape<Moment> {
  const moments: Moment[] = [];
  /** Index of the moment looked at; where time was not turned back, of what is now. */
  let at = -1;
  let turned = false;
  return {
    get at() {
      return turned ? moments[at] : null;
    },
    get behind() {
      return at;
    },
    add(moment) {
      if (turned) throw new Error("a moment comes to a tape that is turned back");
      moments.push(moment);
      if (moments.length > capacity) moments.shift();
      at = moments.length - 1;
    },
    leave() {
      if (!turned) at = moments.length;
    },
    back() {
      if (at < 1) return;
      at -= 1;
      turned = true;
    },
    resume() {
      moments.length = at;
      [turned, at] = [false, moments.length - 1];
    },
    release() {
      [turned, at] = [false, moments.length - 1];
    },
  };
}
