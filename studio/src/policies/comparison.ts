/** Two policies side by side: what may be said of their difference. */
import type { Rate } from "apprentice";

export interface Difference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** "98 % (95 to 100)". */
export const rateInWords = ({ rate, low, high }: Rate): string =>
  `${points(rate)} % (${points(low)} to ${points(high)})`;

const points = (share: number): string => String(Math.round(100 * share));
const signed = (share: number): string => {
  const number = Math.round(100 * Math.abs(share));
  if (number === 0) return "0";
  return `${share < 0 ? "−" : "+"}${number}`;
};

/** Whether the 95 % interval leaves zero out. */
export const isSignificant = ({ low, high }: Difference): boolean => low > 0 || high < 0;

/** One sentence that claims no more than the interval of `first - second` holds; they are the names of the two. */
export function differenceInWords(first: string, second: string, found: Difference): string {
  if (!isSignificant(found)) {
    return `No significant difference (${inPoints(found)}): these starts cannot tell ${first} and ${second} apart.`;
  }
  if (found.difference > 0) return `${first} succeeds more often than ${second} (${inPoints(found)}).`;
  const turned = { difference: -found.difference, low: -found.high, high: -found.low };
  return `${second} succeeds more often than ${first} (${inPoints(turned)}).`;
}

const inPoints = ({ difference, low, high }: Difference): string =>
  `${signed(difference)} points, 95 % interval ${signed(low)} to ${signed(high)}`;
