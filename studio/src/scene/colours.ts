/** The tokens of tokens.css as colours that a canvas understands. */

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

/** As `rgb(…)`, in the theme that holds now. */
export function readColours(): Colours {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colours = Object.fromEntries(
    Object.entries(NAMES).map(([name, token]) => {
      probe.style.color = `var(${token})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return colours as Record<keyof typeof NAMES, string>;
}

/** Calls `change` whenever the theme does; answers what ends that. */
export function watchTheme(change: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(change);
  system.addEventListener("change", change);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", change);
    observer.disconnect();
  };
}
