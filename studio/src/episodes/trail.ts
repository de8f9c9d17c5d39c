/** Where the episode led, by who drove. */
import type { Controller } from "apprentice";

interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * The way through the first `moments` spots (one per moment; step k leads from spot k to spot k + 1) in runs of one
 * controller, each beginning where the one before ended.
 */
export function trailOf(
  spots: readonly Spot[],
  controllers: readonly Controller[],
  moments: number,
): Readonly<Record<Controller, readonly (readonly Spot[])[]>> {
  const runs: Record<Controller, Spot[][]> = { policy: [], expert: [] };
  for (let step = 0; step + 1 < Math.min(moments, spots.length); step++) {
    const controller = controllers[step];
    if (step === 0 || controllers[step - 1] !== controller) runs[controller].push([spots[step]]);
    runs[controller].at(-1)?.push(spots[step + 1]);
  }
  return runs;
}
