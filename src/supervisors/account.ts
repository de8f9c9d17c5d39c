/** The supervisor's account: what an episode, or many, cost whoever stood beside the policy. */
import { ALARM } from "../rollouts/index.ts";
import { type Episode, hasLabel } from "../world/index.ts";

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
   * time for which it asks or the expert drives.
   */
  readonly attention: number;
  /** How often a gate asked for help while the policy drove, and how often the expert took over before it was over. */
  readonly alarms: number;
  readonly answered: number;
  /** s from alarms to taking over, on average over those that were answered; null where none was. */
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
  alarms: 0,
  answered: 0,
  reaction: null,
  successes: 0,
};

/** What supervising the episodes cost; `lookAhead` is counted by whoever looked ahead. */
export function accountOf(episodes: readonly Episode[], watching: Watching): Account {
  return episodes.map((episode) => accountOfOne(episode, watching)).reduce(addAccounts, NOTHING);
}

function accountOfOne(episode: Episode, watching: Watching): Account {
  const { length, controller, info, spec } = episode;
  // who drives from beginning to end takes nothing over
  const isDemonstration = controller.every((who) => who === "expert");
  let [labels, expertSteps, interventions, switches, watched] = [0, 0, 0, 0, 0];
  for (let step = 0; step < length; step++) {
    if (hasLabel(episode, step)) labels += 1;
    const isExpert = controller[step] === "expert";
    const changed = step > 0 ? controller[step - 1] !== controller[step] : isExpert;
    if (isExpert) expertSteps += 1;
    if (changed && !isDemonstration) switches += 1;
    if (changed && isExpert && !isDemonstration) interventions += 1;
    if (watching === "person" || isExpert || isAlarmed(episode, step)) watched += 1;
  }
  return {
    ...NOTHING,
    episodes: 1,
    steps: length,
    labels,
    expertSteps,
    interventions,
    switches,
    attention: watched / spec.controlRate,
    ...alarmsOf(episode),
    successes: info.success ? 1 : 0,
  };
}

const isAlarmed = ({ gate }: Episode, step: number): boolean => gate?.[ALARM]?.[step] === 1;

/** An alarm counts from the step in which it is there and the expert does not drive already. */
function alarmsOf(episode: Episode): Pick<Account, "alarms" | "answered" | "reaction"> {
  const { controller, time, length } = episode;
  let [alarms, answered, waited] = [0, 0, 0];
  let since: number | null = null;
  for (let step = 0; step < length; step++) {
    const drives = controller[step] === "expert";
    const goesOn = drives && step > 0 && controller[step - 1] === "expert";
    if (!isAlarmed(episode, step)) since = null;
    else if (since === null && !goesOn) {
      since = time[step];
      alarms += 1;
    }
    if (!drives || since === null) continue;
    answered += 1;
    waited += time[step] - since;
    since = null;
  }
  return { alarms, answered, reaction: answered > 0 ? waited / answered : null };
}

/** Both together; reaction times are averaged by the alarms that were answered. */
export function addAccounts(a: Account, b: Account): Account {
  const sum = (field: Exclude<keyof Account, "reaction">) => a[field] + b[field];
  const answered = sum("answered");
  const waited = (a.reaction ?? 0) * a.answered + (b.reaction ?? 0) * b.answered;
  return {
    episodes: sum("episodes"),
    steps: sum("steps"),
    labels: sum("labels"),
    expertSteps: sum("expertSteps"),
    interventions: sum("interventions"),
    switches: sum("switches"),
    lookAhead: sum("lookAhead"),
    attention: sum("attention"),
    alarms: sum("alarms"),
    answered,
    reaction: answered > 0 ? waited / answered : null,
    successes: sum("successes"),
  };
}
