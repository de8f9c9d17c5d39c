/** Ids of episodes, and the seeds in which they begin: such that pages which know nothing of one another do not meet. */
import { episodeSeeds, InputError } from "apprentice";

/** `<when, UTC>-<who>-<chance>`: in the order of time, and legible. */
export function episodeId(operator: string, when: Date, random: () => number): string {
  const time = when.toISOString().replace(/[-:]|\.\d+Z$/g, "");
  const who = operator
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 24);
  const chance = Array.from({ length: 6 }, () => Math.floor(random() * 36).toString(36)).join("");
  return `${time}-${who || "operator"}-${chance}`;
}

/** Experiments of which a page draws its own: their demonstration seeds are nobody's else. */
const PAGES = 1_000_000;
/** Demonstration seeds of one experiment (`episodeSeeds`). */
const MOST = 500_000;

/**
 * The demonstration seeds of an experiment of this page's own, one after another: never one on which policies are judged or
 * reported.
 */
export function seedSource(random: () => number): () => number {
  const [first] = episodeSeeds("demonstrations", 1 + Math.floor(random() * PAGES), 1);
  let count = 0;
  return () => {
    if (count >= MOST) throw new InputError(`seeds: found ${count} episodes, expected a new page after so many`);
    return first + count++;
  };
}
