/** The supervisor's account: what an episode, or many, cost whoever stood beside the policy. */
import type { Episode } from "../world/index.ts";

export interface Account {
  readonly episodes: number;
  readonly steps: number;
  /** States that the expert said what it would do in: the price of DAgger. */
  readonly labels: number;
  /** Steps that the expert drove, and how often it took over: the price of HG-DAgger. */
  readonly expertSteps: number;
  readonly interventions: number;
  /** Changes of who drives, either way. */
  readonly switches: number;
  /** Steps that were simulated ahead to label whole chunks. */
  readonly lookAhead: number;
  /**
   * s for which somebody had to look: where a person decides when to take over, all of every episode; where a gate does, the
   * time from its alarms until they are over.
   */
  readonly attention: number;
  /** s from alarms to taking over, on average; null where no alarm was answered. */
  readonly reaction: number | null;
  readonly successes: number;
}

/** How attention is counted: see `Account.attention`. */
export type Watching = "person" | "gate";

const NOTHING: Account = {
  episodes: 0,
  steps: 0,
  labels: 0,
  expertSteps: 0,
  interventions: 0,
  switches: 0,
  lookAhead: 0,
  attention: 0,
  reaction: null,
  successes: 0,
};

/** What supervising the episodes cost; `lookAhead` is counted by whoever looked ahead. */
export function accountOf(episodes: readonly Episode[], watching: Watching): Account {
  return episodes.map((episode) => accountOfOne(episode, watching)).reduce(addAccounts, NOTHING);
}

function accountOfOne(episode: Episode, watching: Watching): Account {
  const { length, controller, label, info, spec } = episode;
  const size = spec.action.names.length;
  let [labels, expertSteps, interventions, switches] = [0, 0, 0, 0];
  for (let step = 0; step < length; step++) {
    if (label && !Number.isNaN(label[step * size])) labels += 1;
    const isExpert = controller[step] === "expert";
    const changed = step > 0 ? controller[step - 1] !== controller[step] : isExpert;
    if (isExpert) expertSteps += 1;
    if (changed) switches += 1;
    if (changed && isExpert) interventions += 1;
  }
  return {
    ...NOTHING,
    episodes: 1,
    steps: length,
    labels,
    expertSteps,
    interventions,
    switches,
    attention: (watching === "person" ? length : expertSteps) / spec.controlRate,
    successes: info.success ? 1 : 0,
  };
}

/** Both together; reaction times are averaged by interventions. */
export function addAccounts(a: Account, b: Account): Account {
  const sum = (field: keyof Account) => (a[field] ?? 0) + (b[field] ?? 0);
  return {
    episodes: sum("episodes"),
    steps: sum("steps"),
    labels: sum("labels"),
    expertSteps: sum("expertSteps"),
    interventions: sum("interventions"),
    switches: sum("switches"),
    lookAhead: sum("lookAhead"),
    attention: sum("attention"),
    reaction: meanReaction(a, b),
    successes: sum("successes"),
  };
}

function meanReaction(a: Account, b: Account): number | null {
  if (a.reaction === null || b.reaction === null) return a.reaction ?? b.reaction;
  return (a.reaction * a.interventions + b.reaction * b.interventions) / (a.interventions + b.interventions);
}

/**
 * Return on human effort of a fleet (Hoque et al. 2022): M / N times the reward of all robots by 1 + the steps of help given.
 * The episodes are those of N policies watched by M operators.
 */
export function returnOnHumanEffort(
  episodes: readonly Episode[],
  { policies, operators }: { policies: number; operators: number },
): number {
  const reward = episodes.reduce((total, { reward }) => total + reward.reduce((sum, value) => sum + value, 0), 0);
  return ((operators / policies) * reward) / (1 + accountOf(episodes, "person").expertSteps);
}
