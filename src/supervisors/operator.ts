/**
 * A model of a person at the wheel, for experiments without one: it watches, foresees some mistakes, reacts late, does not
 * always look, takes over, and hands back when things have been calm for a while. Its numbers are parameters, not facts about
 * people.
 */
import { foldIn, type RandomStream, randomStream } from "../base/index.ts";
import type { Moment, Supervisor } from "../rollouts/index.ts";
import { type Actor, actorKey } from "../world/index.ts";
import { STREAMS } from "./streams.ts";

/** What an operator goes by: whether, from what is seen now, something is about to go wrong. */
export interface Foresight {
  reset(): void;
  /** `doing` [Da] is what is being done now, by whoever drives. */
  isDanger(moment: Moment, doing: Float32Array): boolean;
}

export interface OperatorOptions {
  /** s from noticing to the hands acting. */
  readonly reactionDelay: number;
  /** Lapses of attention per second of looking, and how long each lasts, s. Nothing is noticed in one. */
  readonly lapseRate: number;
  readonly lapseDuration: number;
  /** s for which it drives at least, and for which there must have been no danger before it hands back. */
  readonly leastControl: number;
  readonly calm: number;
}

/** Of an attentive person: a quarter of a second to react (simple visual reaction times are 0.2 to 0.3 s), no lapses. */
export const ATTENTIVE: OperatorOptions = {
  reactionDelay: 0.25,
  lapseRate: 0,
  lapseDuration: 1,
  leastControl: 1,
  calm: 0.5,
};

/**
 * HG-DAgger's human gate, as a model. It labels what it drives and nothing else; an alarm of a gate it takes for a danger
 * that it has noticed. Throws RangeError for a negative number.
 */
export function operatorModel(
  expert: Actor,
  foresight: Foresight,
  { name, ...given }: Partial<OperatorOptions> & { readonly name?: string } = {},
): Supervisor {
  const options = { ...ATTENTIVE, ...given };
  for (const [field, value] of Object.entries(options)) {
    if (!(value >= 0)) throw new RangeError(`operator: ${field}: found ${value}, expected 0 or more`);
  }
  const { reactionDelay, lapseRate, lapseDuration, leastControl, calm } = options;
  let attention: RandomStream;
  let [noticed, tookOver, lastDanger, lapseEnds]: (number | null)[] = [];
  let lastTime = 0;

  /** Whether it looks: a lapse begins with the rate's probability, and ends after its time. */
  const looks = (time: number): boolean => {
    const passed = time - lastTime;
    lastTime = time;
    if (lapseEnds !== null && time < lapseEnds) return false;
    lapseEnds = attention.uniform() < 1 - Math.exp(-lapseRate * passed) ? time + lapseDuration : null;
    return lapseEnds === null;
  };

  return {
    name: name ?? expert.name,
    reset(seed) {
      expert.reset(seed);
      foresight.reset();
      attention = randomStream(foldIn(actorKey(seed), STREAMS.attention));
      [noticed, tookOver, lastDanger, lapseEnds] = [null, null, null, null];
      lastTime = 0;
    },
    async requests(moment) {
      const { phase, time, alarmed, proposed, observation } = moment;
      if (phase === "expert") {
        const danger = foresight.isDanger(moment, await expert.act(observation));
        if (danger) lastDanger = time;
        const isCalm =
          time - Math.max(lastDanger ?? 0, tookOver ?? 0) >= calm && time - (tookOver ?? 0) >= leastControl;
        if (!isCalm) return [];
        noticed = null;
        return ["handBack"];
      }
      const sees = looks(time) && (alarmed || (proposed !== null && foresight.isDanger(moment, proposed)));
      if (sees) noticed ??= time;
      if (noticed === null || time - noticed < reactionDelay) return [];
      [tookOver, lastDanger] = [time, time];
      return ["takeOver"];
    },
    answer: async ({ phase, observation }, asked) =>
      phase === "expert" || asked ? { label: await expert.act(observation) } : null,
  };
}
