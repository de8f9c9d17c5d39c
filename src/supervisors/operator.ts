/**
 * A model of a person at the wheel, for experiments without one: it watches, foresees some mistakes, reacts late, does not
 * always look, takes over, and hands back when things have been calm for a while. Its numbers are parameters, not facts about
 * people.
 */
import { foldIn, type RandomStream, randomStream } from "../base/index.ts";
import type { Moment, Supervisor } from "../rollouts/index.ts";
import { type Actor, actorKey } from "../world/index.ts";
import { askingOnce } from "./asking.ts";
import { hasElapsed } from "./elapsed.ts";
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
 * HG-DAgger's human gate, as a model. It labels what it drives and nothing else; while a gate asks for help there is danger,
 * for all that it knows. It looks while the policy drives and is not distracted while it drives itself. Throws RangeError for
 * a negative number.
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
  const asking = askingOnce(expert);
  let attention: RandomStream;
  /** s at which it noticed what it has not yet reacted to, took over, last saw danger, looks again, and last was asked. */
  let [noticed, tookOver, lastDanger, looksAgain]: (number | null)[] = [];
  let lastTime = 0;

  /** Whether it looks after `passed` seconds more: a lapse begins with the rate's probability, and ends after its time. */
  const looks = (time: number, passed: number): boolean => {
    if (looksAgain !== null && !hasElapsed(0, looksAgain, time)) return false;
    looksAgain = attention.uniform() < 1 - Math.exp(-lapseRate * passed) ? time + lapseDuration : null;
    return looksAgain === null;
  };
  const sees = (moment: Moment, doing: Float32Array | null) =>
    moment.alarmed || (doing !== null && foresight.isDanger(moment, doing));

  return {
    name: name ?? expert.name,
    reset(seed) {
      asking.reset(seed);
      foresight.reset();
      attention = randomStream(foldIn(actorKey(seed), STREAMS.attention));
      [noticed, tookOver, lastDanger, looksAgain] = [null, null, null, null];
      lastTime = 0;
    },
    async requests(moment) {
      const { phase, time, proposed } = moment;
      const passed = time - lastTime;
      lastTime = time;
      if (phase === "expert") {
        if (sees(moment, await asking.ask(moment))) {
          lastDanger = time;
          return [];
        }
        const [since, safe] = [tookOver ?? 0, Math.max(tookOver ?? 0, lastDanger ?? 0)];
        if (!(hasElapsed(leastControl, since, time) && hasElapsed(calm, safe, time))) return [];
        noticed = null;
        return ["handBack"];
      }
      if (looks(time, passed) && sees(moment, proposed)) noticed ??= time;
      if (noticed === null || !hasElapsed(reactionDelay, noticed, time)) return [];
      [tookOver, lastDanger] = [time, time];
      return ["takeOver"];
    },
    answer: asking.whereDriving,
  };
}
