/** What the server tells of episodes, for tests of the pages that show them. */
import type { EpisodeSummary, Strip } from "../../src/browser.ts";

export function summaryOf(id: string, strip: Strip, rest: Partial<EpisodeSummary> = {}): EpisodeSummary {
  const steps = strip.reduce((sum, [, count]) => sum + count, 0);
  const isMixed = strip.some(([controller]) => controller === "policy");
  return {
    id,
    seed: 1,
    operator: "ada",
    started: 1_800_000_000,
    steps,
    seconds: steps / 20,
    success: true,
    deleted: false,
    interrupted: false,
    strip,
    interventions: isMixed ? strip.filter(([controller]) => controller === "expert").length : 0,
    policyVersions: isMixed ? ["driving-1"] : [],
    labels: 0,
    forked: null,
    ...rest,
  };
}
