/** Numbers as a report writes them. */
import type { Mean, Rate } from "../base/index.ts";

/** Narrow no-break space. */
const THIN = "\u202f";

/** 0.9964 as "99.6 %", with a thin space. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}${THIN}%`;
}

/** A number to `digits` significant ones, without an exponent where that is short: 1234, 0.0123, 1.2e-7. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return minus(value.toExponential(digits - 1));
  if (Number.isInteger(value)) return minus(String(value));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return minus(value.toFixed(Math.min(decimals, 100)));
}

/** A number at an axis, as short as it can be: 0.1, 25, 1e-7. */
export const tickText = (value: number): string => minus(String(Number(value.toPrecision(4))));

/** An identifier as words: "obstacleCollision" as "obstacle collision". */
export const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A true minus sign in front, not a hyphen, and none before zero. */
export const minus = (text: string): string => text.replace(/^-(?!0(\.0+)?$)/, "−").replace(/^-/, "");

/** 1234567 as "1 234 567", with narrow spaces. */
export function grouped(value: number): string {
  return minus(String(value)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** A rate or a mean, with its interval and n. */
export type Measure = Rate | Mean;

/** The rate or the mean itself. */
export const middleOf = (measure: Measure): number => ("rate" in measure ? measure.rate : measure.mean);

/** How measures are written; left out, rates in percent and means as numbers. */
export type Notation = "percent" | "number";

/** A measure as a reader wants it: its value, its interval, and n. Of a single value there is no interval. */
export function measureText(measure: Measure, as: Notation = "rate" in measure ? "percent" : "number") {
  const { low, high, n } = measure;
  const value = middleOf(measure);
  const largest = Math.max(...[value, low, high].filter(Number.isFinite).map(Math.abs), 1e-3);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(largest, 0.1) * 1.001)));
  const write = (number: number) => (as === "percent" ? (100 * number).toFixed(1) : minus(number.toFixed(decimals)));
  return {
    value: as === "percent" ? `${write(value)}${THIN}%` : write(value),
    interval:
      Number.isFinite(low) && Number.isFinite(high) ? `${write(low)}${low < 0 ? " to " : "–"}${write(high)}` : "–",
    n: grouped(n),
  };
}
