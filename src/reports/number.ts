/** Numbers as a report writes them. */
import type { Rate } from "../base/index.ts";

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

/** A true minus sign in front, not a hyphen. */
export const minus = (text: string): string => text.replace(/^-/, "−");

/** 1234567 as "1 234 567", with narrow spaces. */
export function grouped(value: number): string {
  return minus(String(value)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** A rate as a reader of a table wants it: the rate, its interval, and n. */
export function rateText({ rate, low, high, n }: Rate, as: "percent" | "number" = "percent") {
  const write = (value: number) => (as === "percent" ? (100 * value).toFixed(1) : minus(value.toFixed(3)));
  return {
    rate: as === "percent" ? `${write(rate)}${THIN}%` : write(rate),
    interval: `${write(low)}–${write(high)}`,
    n: grouped(n),
  };
}
