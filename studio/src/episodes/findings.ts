/** What verification found, by the episode that it is about. */

import type { Finding } from "apprentice";
import { grouped } from "./grouped.ts";

/** The id of the episode in its file's name, `…/ID.mcap`; null where a finding is about the whole dataset. */
export function episodeOfFinding({ file, episode }: Finding): string | null {
  const name = file.split(/[\\/]/).at(-1) ?? "";
  if (name.endsWith(".mcap")) return name.slice(0, -".mcap".length);
  // Where a dataset is no folder of files, as in the browser, `file` is the id itself.
  return episode === null ? null : name;
}

export function findingsByEpisode(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const by = grouped(findings, (finding) => episodeOfFinding(finding) ?? "");
  by.delete("");
  return by;
}

export const ofTheDataset = (findings: readonly Finding[]): Finding[] =>
  findings.filter((finding) => episodeOfFinding(finding) === null);
