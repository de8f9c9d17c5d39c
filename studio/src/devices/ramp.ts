/** From keys, which are all or nothing, to a steering wheel, which is not. Pure functions of values in [-1, 1]. */

/** Per second: towards a held key, back to the middle once it is let go, and through the middle to the other side. */
export const RATES = { hold: 2.6, release: 4.5, reverse: 7 } as const;
/** At once when a key goes down, so that the next control step feels it. */
export const KICK = 0.14;

export interface RampRates {
  readonly hold: number;
  readonly release: number;
  readonly reverse: number;
}

/** `value` after `seconds` of a key that wants -1, 0 or 1. It never goes beyond what is wanted. */
export function ramp(value: number, wanted: number, seconds: number, rates: RampRates = RATES): number {
  if (value === wanted || seconds <= 0) return value;
  const opposite = wanted !== 0 && value * wanted < 0;
  const rate = opposite ? rates.reverse : wanted === 0 ? rates.release : rates.hold;
  // The way through the middle is fast, what is left of the time goes on slowly.
  const goal = opposite ? 0 : wanted;
  const needed = Math.abs(goal - value) / rate;
  if (needed > seconds) return value + Math.sign(goal - value) * rate * seconds;
  return opposite ? ramp(0, wanted, seconds - needed, rates) : goal;
}

/** What a key that has just gone down makes of `value`: at least KICK to its side. */
export function kick(value: number, wanted: number): number {
  return wanted !== 0 && value * wanted < KICK ? Math.sign(wanted) * KICK : value;
}

/** A stick's value without its dead zone, [-1, 1]: 0 up to `zone`, then from 0 on, finer in the middle than outside. */
export function withoutDeadZone(value: number, zone: number): number {
  const size = Math.abs(value);
  if (!(size > zone)) return 0;
  const share = Math.min(1, (size - zone) / (1 - zone));
  return Math.sign(value) * share ** 1.5;
}
