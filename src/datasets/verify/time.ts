import { quantile } from "../../base/index.ts";
import { spanOf } from "../dataset.ts";
import { aboutAll, aboutEpisode, type Finding, percent, type Recorded, show } from "./finding.ts";

/** A step longer than so many periods is a gap. */
const GAP = 1.5;
/** A typical step that differs by more than this part from the period means that the control rate is another. */
const OFF = 0.1;

/**
 * Time stamps that stand still or go backwards (errors), gaps (warnings: steps are missing, and a chunk of actions across
 * them is played too fast), and steps whose typical length is not that of the control rate (a warning).
 */
export function findTimeJumps(data: Recorded): Finding[] {
  const { time, controlRate, episodeEnds } = data;
  if (!time) return [];
  const period = 1 / controlRate;
  const lengths: number[] = [];
  const found: Finding[] = [];
  for (let episode = 0; episode < episodeEnds.length; episode++) {
    const { start, end } = spanOf(episodeEnds, episode);
    for (let row = start + 1; row < end; row++) {
      const length = time[row] - time[row - 1];
      lengths.push(length);
      const about = { check: "time", step: row - start, name: "time", value: length } as const;
      if (!(length > 0)) {
        const message = `${show(length)} s after the step before, expected about ${show(period)} s: time does not go on`;
        found.push(aboutEpisode(data, episode, { ...about, severity: "error", message }));
      } else if (length > GAP * period + 1e-9) {
        const message = `${show(length)} s after the step before, expected about ${show(period)} s: steps are missing`;
        found.push(aboutEpisode(data, episode, { ...about, severity: "warning", message }));
      }
    }
  }
  if (lengths.length === 0) return found;
  const typical = quantile(lengths, 0.5);
  if (Math.abs(typical - period) <= OFF * period) return found;
  const message =
    `a typical step takes ${show(typical)} s, expected ${show(period)} s at ${show(controlRate)} Hz: ` +
    `the control rate is off by ${percent(Math.abs(typical / period - 1))}`;
  return [...found, aboutAll(data, { check: "time", severity: "warning", name: "time", value: typical, message })];
}
