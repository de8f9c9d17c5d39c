/** The sum of a number of each. */
export const total = <One>(all: readonly One[], number: (one: One) => number): number =>
  all.reduce((sum, one) => sum + number(one), 0);
