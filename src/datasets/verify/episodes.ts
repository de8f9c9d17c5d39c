import { quantile } from "../../base/index.ts";
import { spanOf } from "../dataset.ts";
import { aboutAll, aboutEpisode, type Finding, type Recorded, show } from "./finding.ts";

/** Recordings without an end (a warning each): a killed process, a lost machine. */
export function findInterrupted(data: Recorded): Finding[] {
  const whole = (data.interrupted ?? []).map(({ episode, droppedBytes }) => {
    const { start, end } = spanOf(data.episodeEnds, episode);
    const torn = droppedBytes > 0 ? `, and ${droppedBytes} bytes of a torn step` : "";
    const message = `the recording was interrupted after ${end - start} steps${torn}`;
    const about = { check: "interrupted", severity: "warning", step: end - start - 1, value: droppedBytes } as const;
    return aboutEpisode(data, episode, { ...about, message });
  });
  const none = (data.empty ?? []).map((file) =>
    aboutAll(data, {
      ...{ check: "interrupted", severity: "warning", file, value: 0 },
      message: "the recording was interrupted before its first step: it is no episode",
    }),
  );
  return [...whole, ...none];
}

/** An episode shorter than this part of the median is told; of fewer episodes there is no telling. */
const SHORT = 0.25;
const FEWEST = 5;

/** Episodes that are far shorter than usual (a warning): cut off, or given up. */
export function findShort(data: Recorded): Finding[] {
  const { episodeEnds } = data;
  if (episodeEnds.length < FEWEST) return [];
  const lengths = Array.from(episodeEnds, (_, episode) => {
    const { start, end } = spanOf(episodeEnds, episode);
    return end - start;
  });
  const median = quantile(lengths, 0.5);
  return lengths.flatMap((value, episode) => {
    if (value >= SHORT * median) return [];
    const message = `has ${value} steps where the median is ${show(median)}: cut off, or given up`;
    return [aboutEpisode(data, episode, { check: "short", severity: "warning", value, message })];
  });
}

/**
 * Episodes that are the same as an earlier one at every step (an error: with one in training and one held out, validation
 * measures memory), or are the beginning of another (a warning).
 */
export function findDuplicateEpisodes(data: Recorded): Finding[] {
  const byFirstStep = new Map<string, number[]>();
  return Array.from(data.episodeEnds.keys()).flatMap((episode): Finding[] => {
    const { start } = spanOf(data.episodeEnds, episode);
    const first = rowsText(data, start, start + 1);
    const earlier = byFirstStep.get(first) ?? [];
    byFirstStep.set(first, [...earlier, episode]);
    const twin = earlier.find((other) => sameBeginning(data, other, episode));
    if (twin === undefined) return [];
    const [a, b] = [lengthAt(data, twin), lengthAt(data, episode)];
    const about = { check: "duplicate-episode", value: twin } as const;
    if (a === b) {
      const message = `is the same as episode ${twin} at every step: held out, it would measure memory`;
      return [aboutEpisode(data, episode, { ...about, severity: "error", message })];
    }
    const [short, long] = a < b ? [twin, episode] : [episode, twin];
    const message = `is the same as episode ${long} for all of its ${Math.min(a, b)} steps`;
    return [aboutEpisode(data, short, { ...about, severity: "warning", value: long, message })];
  });
}

const lengthAt = ({ episodeEnds }: Recorded, episode: number): number => {
  const { start, end } = spanOf(episodeEnds, episode);
  return end - start;
};

/** Fewer steps than this may be alike by chance. */
const LEAST = 2;

function sameBeginning(data: Recorded, a: number, b: number): boolean {
  const length = Math.min(lengthAt(data, a), lengthAt(data, b));
  if (length < LEAST) return false;
  const [startA, startB] = [a, b].map((episode) => spanOf(data.episodeEnds, episode).start);
  return ([data.observation, data.action] as const).every(({ values, names: { length: width } }) => {
    for (let i = 0; i < length * width; i++) {
      if (!Object.is(values[startA * width + i], values[startB * width + i])) return false;
    }
    return true;
  });
}

function rowsText({ observation, action }: Recorded, start: number, end: number): string {
  const part = ({ values, names }: Recorded["action"]) => values.subarray(start * names.length, end * names.length);
  return `${part(observation).join()} ${part(action).join()}`;
}
