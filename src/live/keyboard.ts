/** A keyboard as wheel and pedals: keys are all or nothing, and what they move is not. Pure functions of values in [-1, 1]. */

/** Where a wheel (x, to the right) and pedals (y, faster) stand, each in [-1, 1]; or what keys want of them: -1, 0 or 1. */
export interface Axes {
  readonly x: number;
  readonly y: number;
}

/** Per second: towards a held key, back to the middle once it is let go, and through the middle to the other side. */
export const KEY_RATES = { hold: 2.6, release: 4.5, reverse: 7 } as const;
/** At once when a key goes down, so that the next control step feels it. */
export const KICK = 0.14;

export interface KeyRates {
  readonly hold: number;
  readonly release: number;
  readonly reverse: number;
}

/** `value` after `seconds` of a key that wants -1, 0 or 1. It never goes beyond what is wanted. */
export function ramp(value: number, wanted: number, seconds: number, rates: KeyRates = KEY_RATES): number {
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

/** Where wheel and pedals stand as soon as a key has gone down, `keys` being all that are held then. */
export const afterPress = ({ x, y }: Axes, keys: Axes): Axes => ({ x: kick(x, keys.x), y: kick(y, keys.y) });

/** Where they stand after `seconds` of `keys`. */
export const afterHolding = ({ x, y }: Axes, keys: Axes, seconds: number): Axes => ({
  x: ramp(x, keys.x, seconds),
  y: ramp(y, keys.y, seconds),
});
