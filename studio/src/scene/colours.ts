/** The tokens of tokens.css that the scenes are painted in. */
import { colourOf } from "../theme.ts";

const NAMES = {
  ink: "--ink",
  inkSoft: "--ink-soft",
  panel: "--panel",
  well: "--well",
  line: "--line",
  policy: "--policy",
  expert: "--expert",
  alarm: "--alarm",
  paused: "--paused",
  good: "--good",
  sky: "--scene-sky",
  ground: "--scene-ground",
  road: "--scene-road",
  shoulder: "--scene-shoulder",
  mark: "--scene-mark",
  ego: "--scene-ego",
  vehicle: "--scene-vehicle",
  crate: "--scene-crate",
  works: "--scene-works",
  goal: "--scene-goal",
} as const;

export type Colours = Readonly<Record<keyof typeof NAMES, string>>;

/** In the theme that holds now. */
export const readColours = (): Colours =>
  Object.fromEntries(Object.entries(NAMES).map(([name, token]) => [name, colourOf(token)])) as Colours;
