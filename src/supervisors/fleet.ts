/**
 * A fleet in simulation: N policies, each in an environment of its own, and M operators who go where they are needed most
 * (Hoque et al. 2022, arXiv 2206.14349; docs/algorithms/control.md, lines 11 to 16). It goes through the loop of `rollouts`:
 * an operator is a supervisor who takes over, and a policy that failed stands paused until one has put it right.
 */
import { DRIVERS, type Execution, type Gate, type Moment, type Supervisor, supervise } from "../rollouts/index.ts";
import type { Actor, BatchActor, Environment, Episode } from "../world/index.ts";
import { checkCounts, createAllocation, type FleetPlace, type Priority } from "./allocation.ts";
import { askingOnce } from "./asking.ts";

/** Ticks that an operator stays at least, t_T, and that it needs to put right what failed, t_R: the paper's. */
export const FLEET_TIMES = { leastStay: 5, resetTicks: 5 } as const;

export interface FleetOptions {
  /** N and M. */
  readonly policies: number;
  readonly operators: number;
  /** Steps that each policy has, standing ones included. */
  readonly ticks: number;
  readonly priority: Priority;
  /** What every operator does in an environment, once there. */
  readonly makeExpert: (environment: Environment) => Actor;
  /** Default: `FLEET_TIMES`. */
  readonly leastStay?: number;
  readonly resetTicks?: number;
  /** Of what decides between policies of equal priority; default 0. */
  readonly seed?: number;
  /** Whose readings the priority goes by; it does best to read in every step. */
  readonly gate?: Gate;
  /** Whether an episode's end has to be put right by an operator; default: terminated without success. */
  readonly hasFailed?: (episode: Episode) => boolean;
  readonly execution?: Execution;
  readonly policyVersion?: string;
}

/** What a fleet achieved and cost. */
export interface FleetTally {
  readonly policies: number;
  readonly operators: number;
  readonly ticks: number;
  /** Sum of all rewards. */
  readonly reward: number;
  /** Episodes that succeeded; and [ticks], those so far after each tick. */
  readonly successes: number;
  readonly cumulativeSuccesses: Int32Array;
  /** Episodes that failed, and how many of these were put right. */
  readonly failures: number;
  readonly hardResets: number;
  /** Steps in which a policy stood, waiting or being put right. */
  readonly idle: number;
  /** Steps in which an operator stood by a policy: the sum of the squared Frobenius norms of the allocations. */
  readonly operatorTicks: number;
  /** How often an operator went to a policy. */
  readonly assignments: number;
  readonly returnOnHumanEffort: number;
}

export interface FleetResult {
  /** By the order of their seeds, those last stopped in the midst. */
  readonly episodes: readonly Episode[];
  readonly tally: FleetTally;
}

/** One of the N: its supervisor, who is whichever operator is there. */
interface Member extends Supervisor {
  failed: boolean;
  /** Ticks that putting it right still takes. */
  left: number;
  operator: number | null;
}

/**
 * Lets the fleet act for so many ticks; where an episode ends, the next of `seeds` begins. Throws RangeError for numbers that
 * are no counts, and where the seeds run out.
 */
export async function superviseFleet(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: FleetOptions,
): Promise<FleetResult> {
  const { policies, operators, ticks, priority, makeExpert, seed = 0 } = options;
  const { leastStay = FLEET_TIMES.leastStay, resetTicks = FLEET_TIMES.resetTicks } = options;
  const { gate, execution, policyVersion, hasFailed = ({ terminated, info }) => terminated && !info.success } = options;
  checkCounts({ ticks, resetTicks }, 1);
  const allocation = createAllocation({ policies, operators, priority, leastStay, seed });
  const members: Member[] = [];
  const cumulativeSuccesses = new Int32Array(ticks);
  const count = { reward: 0, successes: 0, failures: 0, hardResets: 0, idle: 0, operatorTicks: 0, assignments: 0 };
  let tick = 0;

  const survey = (moments: ReadonlyMap<Supervisor, Moment>) => {
    if (moments.size < policies)
      throw new RangeError(`fleet: ${seeds.length} seeds ran out in tick ${tick} of ${ticks}`);
    for (const member of members) {
      if (!member.failed || member.left > 0) continue;
      member.failed = false;
      count.hardResets += 1;
    }
    const places = members.map((member): FleetPlace => {
      const { failed, left } = member;
      // What was read before it stood still says nothing about what has to be put right.
      const readings = failed ? {} : (moments.get(member)?.readings ?? {});
      return { failed, resetting: failed && left < resetTicks, readings };
    });
    allocation.next(places).forEach((operator, policy) => {
      const member = members[policy];
      if (operator !== null && operator !== member.operator) count.assignments += 1;
      member.operator = operator;
      if (operator !== null) count.operatorTicks += 1;
      if (member.failed) count.idle += 1;
      if (member.failed && operator !== null) member.left -= 1;
    });
    tick += 1;
  };
  const onEpisode = (episode: Episode, _index: number, supervisor: Supervisor | null) => {
    const member = supervisor as Member;
    count.reward += episode.reward.reduce((sum, value) => sum + value, 0);
    if (!episode.terminated && !episode.truncated) return;
    if (episode.info.success) count.successes += 1;
    member.failed = hasFailed(episode);
    member.left = resetTicks;
    if (member.failed) count.failures += 1;
    if (episode.info.success) cumulativeSuccesses[tick - 1] += 1;
  };
  const makeSupervisor = (environment: Environment) => {
    const member = memberOf(makeExpert(environment));
    members.push(member);
    return member;
  };

  const together = policies;
  const common = { makeSupervisor, survey, onEpisode, ticks, together };
  const episodes = await supervise(makeEnvironment, planner, seeds, { ...common, gate, execution, policyVersion });
  for (let i = 1; i < ticks; i++) cumulativeSuccesses[i] += cumulativeSuccesses[i - 1];
  const tally = { policies, operators, ticks, ...count, cumulativeSuccesses };
  return { episodes, tally: { ...tally, returnOnHumanEffort: returnOnHumanEffort(tally) } };
}

function memberOf(expert: Actor): Member {
  const asking = askingOnce(expert);
  const member: Member = {
    name: expert.name,
    failed: false,
    left: 0,
    operator: null,
    reset: asking.reset,
    requests({ phase }) {
      if (member.failed) return phase === "paused" ? [] : ["pause"];
      if (member.operator !== null) return phase === "expert" ? [] : ["takeOver"];
      return DRIVERS[phase] === "policy" ? [] : ["handBack"];
    },
    answer: asking.whereDriving,
  };
  return member;
}

/** M / N times the reward of all policies by 1 + the ticks in which an operator stood by one (Hoque et al. 2022). */
export function returnOnHumanEffort({
  policies,
  operators,
  reward,
  operatorTicks,
}: Pick<FleetTally, "policies" | "operators" | "reward" | "operatorTicks">): number {
  return ((operators / policies) * reward) / (1 + operatorTicks);
}
