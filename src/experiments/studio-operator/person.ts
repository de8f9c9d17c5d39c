/**
 * A simulated person at the studio: sees what the page shows of a session, and does what a person there can do. Hands are a
 * keyboard's, eyes and attention those of the operator model.
 */
import type { DrivingWorld } from "../../environments/index.ts";
import type { LaneView, LiveSession, SessionView } from "../../live/index.ts";
import type { Moment } from "../../rollouts/index.ts";
import { type Foresight, type OperatorOptions, operatorModel } from "../../supervisors/index.ts";
import type { Observation } from "../../world/index.ts";
import type { Hands } from "./hands.ts";

export interface PersonParts {
  /** Where the person imagines what is seen: a world of its own, into which hands and foresight look. */
  readonly world: DrivingWorld;
  readonly hands: Hands;
  readonly foresight: Foresight;
  readonly operator: Partial<OperatorOptions>;
  /** Whether the hands go on at the keys while the policy drives, as what they would do there: shadow labelling. */
  readonly shadow: boolean;
  /** s of safety before what went wrong, to which a failed episode is rewound; null: failures are let go. */
  readonly rewind: number | null;
  /** How often one episode and what was made of it are rewound. */
  readonly rewinds: number;
}

export interface Person {
  /** What it does before the next step. `demonstrating`: it drives from beginning to end. */
  look(session: LiveSession, view: SessionView, demonstrating: boolean): Promise<void>;
  /** Whether the episode has ended and is let go. */
  readonly isLettingGo: boolean;
  /** How often time was turned back so far. */
  readonly turns: number;
}

export function simulatedPerson({ world, hands, foresight, operator, shadow, rewind, rewinds }: PersonParts): Person {
  const { controlRate } = world.spec;
  const model = operatorModel(hands, foresight, operator);
  const reaction = Math.round((operator.reactionDelay ?? 0) * controlRate);
  let episode = "";
  /** Steps since the episode was seen to have ended; times that its seed was rewound; steps back that looked safe. */
  let [ended, rewound, safe] = [0, 0, 0];
  let seed = Number.NaN;
  let isRewinding = false;
  let isLettingGo = false;
  let turns = 0;

  /** The person has another episode before the eyes. */
  const turnTo = (lane: LaneView) => {
    if (lane.seed !== seed) rewound = 0;
    ({ episode, seed } = lane);
    [ended, isLettingGo] = [0, false];
    model.reset(seed);
  };
  const drive = async (session: LiveSession, moment: Moment) => {
    const said = await model.answer({ ...moment, phase: "expert" }, true);
    session.input(said?.label ?? null);
  };
  const takeOver = async (session: LiveSession, moment: Moment) => {
    if (moment.step > 0) hands.seize();
    await drive(session, moment);
    session.request("takeOver");
  };
  /** Back until nothing is about to go wrong, and a little further. */
  const rewindOn = async (session: LiveSession, lane: LaneView, moment: Moment, isAtStart: boolean) => {
    foresight.reset();
    const isSafe = !lane.ended && !foresight.isDanger(moment, Float32Array.from(lane.action ?? [0, 0]));
    safe = isSafe ? safe + 1 : 0;
    if (safe <= (rewind ?? 0) * controlRate && !isAtStart) return;
    isRewinding = false;
    session.rewind(false);
    model.reset(lane.seed);
    hands.seize();
    await drive(session, { ...moment, step: -1 });
    session.request("takeOver");
  };

  return {
    get isLettingGo() {
      return isLettingGo;
    },
    get turns() {
      return turns;
    },
    async look(session, view, demonstrating) {
      const [lane] = view.lanes;
      if (lane.episode !== episode) turnTo(lane);
      const { observation } = world.restore(lane.snapshot);
      const moment = momentOf(lane, observation);
      if (isRewinding) return rewindOn(session, lane, moment, view.rewindable === 0);
      if (lane.ended) {
        const isWrong = !demonstrating && !lane.ended.success && rewind !== null && rewound < rewinds;
        isLettingGo = !isWrong;
        if (!isWrong || ended++ < reaction) return;
        [isRewinding, safe] = [true, 0];
        rewound += 1;
        turns += 1;
        session.rewind(true);
        return;
      }
      if (lane.phase === "paused") {
        if (demonstrating) await takeOver(session, moment);
        else {
          session.shadow(shadow);
          session.request("handBack");
        }
        return;
      }
      if (demonstrating) return drive(session, moment);
      const requests = await model.requests(moment);
      if (requests.includes("takeOver")) await takeOver(session, moment);
      else if (requests.includes("handBack")) session.request("handBack");
      else if (lane.phase === "expert" || shadow) await drive(session, moment);
    },
  };
}

/** What the eyes see, as the operator model is told: what is being done now is what was done last. */
const momentOf = (lane: LaneView, observation: Observation): Moment => ({
  ...{ step: lane.step, time: lane.time, observation, reward: null, phase: lane.phase },
  ...{ proposed: lane.action && Float32Array.from(lane.action), planned: false, alarmed: lane.alarmed, readings: {} },
});
