/** Statistics of timings, and timing two things in turn so that a busy machine is busy for both. */

/** The value below which the fraction `q` of the numbers lies: the nearest that there is. NaN of none. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** How many updates or calls fill `milliseconds`, judged by a first few. */
export async function countFor(time: (count: number) => Promise<number[]>, milliseconds: number): Promise<number> {
  await time(3);
  const one = median(await time(3));
  return Math.max(3, Math.ceil(milliseconds / one));
}

/** Runs the sides one after the other, `turns` times; returns all times of each. */
export async function inTurn(sides: readonly (() => Promise<readonly number[]>)[], turns: number): Promise<number[][]> {
  const times: number[][] = sides.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, side] of sides.entries()) {
      // worker threads of the other side look for work for some milliseconds before they sleep
      await pause(30);
      times[index].push(...(await side()));
    }
  }
  return times;
}
