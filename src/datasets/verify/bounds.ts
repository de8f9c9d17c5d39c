import { lengthOf, spanOf } from "../dataset.ts";
import { aboutAll, aboutEpisode, columnsOf, type Finding, percent, type Recorded, show } from "./finding.ts";

/** Every executed action outside the bounds that the task declares: an error, no actor can execute it. */
export function findOutOfBounds(data: Recorded): Finding[] {
  const { actionBounds, action } = data;
  if (!actionBounds) return [];
  const width = action.names.length;
  return Array.from(data.episodeEnds.keys()).flatMap((episode) => {
    const { start, end } = spanOf(data.episodeEnds, episode);
    const found: Finding[] = [];
    for (let i = start * width; i < end * width; i++) {
      // Values are float32, in which a bound of 0.1 is a little more than 0.1.
      const [low, high] = [Math.fround(actionBounds.low[i % width]), Math.fround(actionBounds.high[i % width])];
      const value = action.values[i];
      if (!(value < low || value > high) || !Number.isFinite(value)) continue;
      const name = `action.${action.names[i % width]}`;
      const message = `found ${show(value)}, expected ${show(low)} to ${show(high)} ${action.units[i % width]}`;
      const step = Math.floor(i / width) - start;
      found.push(aboutEpisode(data, episode, { check: "bounds", severity: "error", step, name, value, message }));
    }
    return found;
  });
}

/** A larger share of the steps at one end is told, a much larger one is a warning. */
const SHARE = { info: 0.02, warning: 0.1 } as const;
/** Fewer different values than this are a switch, not a quantity that was cut off. */
const SWITCH = 8;

/**
 * Actions that are often exactly at an end, be it the declared bound or the largest value there is: the expert wanted more
 * than it could, or the recorder cut off what it wanted, and what it wanted is lost.
 */
export function findSaturation(data: Recorded): Finding[] {
  const steps = lengthOf(data);
  return columnsOf(data).flatMap((column) => {
    if (column.part !== "action") return [];
    const { values, width, index, name, unit } = column;
    const different = new Set<number>();
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let row = 0; row < steps; row++) {
      const value = values[row * width + index];
      if (different.size < SWITCH) different.add(value);
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (different.size < SWITCH) return [];
    return [least, most].flatMap((value) => {
      let count = 0;
      for (let row = 0; row < steps; row++) if (values[row * width + index] === value) count++;
      const share = count / steps;
      if (share < SHARE.info) return [];
      const severity = share < SHARE.warning ? "info" : "warning";
      const end = value === most ? "largest" : "smallest";
      const message = `${percent(share)} of the steps are at the ${end} value, ${show(value)}${unit}: what the expert wanted beyond it is lost`;
      return [aboutAll(data, { check: "saturation", severity, name, value: share, message })];
    });
  });
}
