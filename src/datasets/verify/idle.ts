import { lengthOf, spanOf } from "../dataset.ts";
import { aboutAll, aboutEpisode, columnsOf, type Finding, percent, type Recorded, show } from "./finding.ts";

/** A shorter rest is part of acting, s. */
const SHORTEST = 1;
/** A change smaller than this part of a column's standard deviation is none. */
const STILL = 1e-3;
/** More of the steps than this in idle stretches is a warning. */
const SHARE = 0.05;

/**
 * Stretches of a second or more in which neither the action nor the observation changes. A policy that learns to wait from
 * what it sees waits for ever. Each is an info, at the end of an episode too (a recorder that ran on); a warning says when
 * they make up more than a twentieth of all steps.
 */
export function findIdle(data: Recorded): Finding[] {
  const steps = lengthOf(data);
  const columns = columnsOf(data).map((column) => ({ ...column, still: STILL * deviationOf(column, steps) }));
  const fewest = Math.ceil(SHORTEST * data.controlRate);
  const changed = (row: number) =>
    columns.some(({ values, width, index, still }) => {
      const at = row * width + index;
      return !(Math.abs(values[at] - values[at - width]) <= still);
    });
  const found: Finding[] = [];
  let idle = 0;
  for (let episode = 0; episode < data.episodeEnds.length; episode++) {
    const { start, end } = spanOf(data.episodeEnds, episode);
    for (let first = start; first < end; ) {
      let next = first + 1;
      while (next < end && !changed(next)) next++;
      const length = next - 1 - first;
      if (length >= fewest) {
        idle += length;
        const [seconds, step] = [length / data.controlRate, first - start];
        const where = next === end ? "to the end" : `to step ${next - 1 - start}`;
        const message = `nothing changes for ${show(seconds)} s, ${where}`;
        found.push(aboutEpisode(data, episode, { check: "idle", severity: "info", step, value: seconds, message }));
      }
      first = next;
    }
  }
  const share = idle / steps;
  if (share <= SHARE) return found;
  const message = `nothing changes in ${percent(share)} of the steps: a policy learns to wait, and waits for ever`;
  return [aboutAll(data, { check: "idle", severity: "warning", value: share, message }), ...found];
}

function deviationOf({ values, width, index }: ReturnType<typeof columnsOf>[number], steps: number): number {
  let sum = 0;
  for (let row = 0; row < steps; row++) sum += values[row * width + index];
  const mean = sum / steps;
  let squares = 0;
  for (let row = 0; row < steps; row++) squares += (values[row * width + index] - mean) ** 2;
  return Math.sqrt(squares / steps);
}
