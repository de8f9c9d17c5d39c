/** How sharp to draw: where pictures come too slowly, as in software, they are drawn with fewer pixels. */

export type Quality = "auto" | "high" | "low";

export interface Pace {
  /** Pixels per CSS pixel. */
  readonly ratio: number;
  /** Notes how long it took from one picture to the next, ms; true where `ratio` has changed. */
  note(ms: number): boolean;
}

/** Times the wanted time from picture to picture: above the first it is too slow, below the second as quick as can be. */
const SLOW = 1.5;
const QUICK = 1.1;
/** Pictures that are looked at before anything changes. */
const WINDOW = 20;
const LEAST = 0.5;

/** `most` is what the screen has, `wanted` the ms from picture to picture. Only "auto" ever changes. */
export function createPace(quality: Quality, most: number, wanted = 1000 / 60): Pace {
  const top = quality === "low" ? Math.min(most, 0.75) : Math.min(most, 2);
  let ratio = top;
  let [count, sum] = [0, 0];
  /** Where it was too slow once, it is not tried again. */
  let ceiling = top;
  return {
    get ratio() {
      return ratio;
    },
    note(ms) {
      if (quality !== "auto") return false;
      count += 1;
      sum += ms;
      if (count < WINDOW) return false;
      const mean = sum / count;
      [count, sum] = [0, 0];
      const before = ratio;
      if (mean > SLOW * wanted) {
        ceiling = Math.max(LEAST, ratio * 0.9);
        ratio = Math.max(LEAST, ratio * 0.75);
      } else if (mean < QUICK * wanted) ratio = Math.min(ceiling, ratio * 1.2);
      return ratio !== before;
    },
  };
}
