import { spanOf } from "../dataset.ts";
import { aboutEpisode, columnsOf, type Finding, type Recorded } from "./finding.ts";

/** Every value that is NaN or infinite: an error, since a single one turns all parameters into NaN. */
export function findNonFinite(data: Recorded): Finding[] {
  const columns = columnsOf(data);
  return Array.from(data.episodeEnds.keys()).flatMap((episode) => {
    const { start, end } = spanOf(data.episodeEnds, episode);
    const found: Finding[] = [];
    for (let row = start; row < end; row++) {
      for (const { name, values, width, index } of columns) {
        const value = values[row * width + index];
        if (Number.isFinite(value)) continue;
        const message = `found ${value}, expected a finite number`;
        const [step, text] = [row - start, String(value)];
        found.push(
          aboutEpisode(data, episode, { check: "finite", severity: "error", step, name, value: text, message }),
        );
      }
    }
    return found;
  });
}
