/** The studio's loop without a screen: the live session and a simulated person at it, in time that nobody waits for. */
import { decodeStep, encodeStep, episodeFrom, type RecordedStep } from "../../datasets/index.ts";
import { type BegunEpisode, openSession, type SessionObserver } from "../../live/index.ts";
import type { LivePolicy } from "../../rollouts/index.ts";
import { accountOf } from "../../supervisors/index.ts";
import type { Episode, World } from "../../world/index.ts";
import type { Person } from "./person.ts";

export interface StudioSetup {
  readonly makeWorld: () => World;
  readonly person: Person;
  readonly nextSeed: () => number;
}

/** What was recorded in a part of the time. */
export interface Recorded {
  readonly episodes: readonly Episode[];
  /** Simulated s that it took, the page's own waits among them. */
  readonly seconds: number;
  /** How often the person took over, as the session counts it. */
  readonly interventions: number;
}

export interface Studio {
  /** The person demonstrates so many episodes. */
  demonstrate(count: number): Promise<Recorded>;
  /** The person watches `policy` drive and corrects it, until `isEnough` of what was recorded since, asked after each episode. */
  watch(policy: LivePolicy, isEnough: (recorded: Recorded) => boolean): Promise<Recorded>;
  close(): Promise<void>;
}

/**
 * How often an expert began to drive in episodes, for how many steps it did, and in how many it said what it would do, those
 * that it drove among them: counted in what was recorded. Unlike an account, takings hold those of who drives to the end from
 * the first step: of a fork that is where somebody took over.
 */
export function drivenIn(episodes: readonly Episode[]) {
  const { expertSteps, labels } = accountOf(episodes, "person");
  const begins = ({ controller }: Episode) =>
    controller.filter((who, step) => who === "expert" && controller[step - 1] !== "expert").length;
  return { takings: episodes.reduce((sum, episode) => sum + begins(episode), 0), expertSteps, labels };
}

/** A session ends for a fault alone. */
const fail = (text: string): never => {
  throw new Error(`the studio's session: ${text}`);
};

export function openStudio({ makeWorld, person, nextSeed }: StudioSetup): Studio {
  const { spec } = makeWorld();
  const period = 1000 / spec.controlRate;
  let count = 0;
  let now = 0;
  let watching: Awaited<ReturnType<typeof open>> | null = null;

  async function open(part: "demonstrate" | "watch", policy: LivePolicy | null) {
    const underWay = new Map<string, { readonly begun: BegunEpisode; readonly steps: RecordedStep[] }>();
    let episodes: Episode[] = [];
    let interventions = 0;
    let problem: string | null = null;
    const observer: SessionObserver = {
      begun: (begun) => underWay.set(begun.id, { begun, steps: [] }),
      // Through the record's own form, as the page's log and the server keep it.
      step: (id, _number, step) =>
        underWay.get(id)?.steps.push(decodeStep(encodeStep({ ...step, wallTime: now / 1000 }))),
      closed({ id, info, ended, success, interventions: own }) {
        const { begun, steps } = underWay.get(id) ?? fail(`${id} closed, and never begun`);
        underWay.delete(id);
        const { seed, actors, info: first } = begun;
        const end = { endInfo: ended ? info : null, success, droppedBytes: 0 };
        episodes.push(episodeFrom(spec, { id, seed, actors, info: first, wallTime: now / 1000, steps, ...end }));
        interventions += own;
      },
      marked() {},
      discarded() {},
      viewed() {},
      swapped() {},
      released() {},
      problem(text) {
        problem = text;
      },
    };
    const session = await openSession({
      ...{ makeWorld, part, lanes: 1, operator: "simulated", policy, nextSeed, observer },
      makeId: () => `e${count++}`,
    });
    let since = now;
    return {
      session,
      async step() {
        await person.look(session, session.view(), part === "demonstrate");
        await session.tick({ at: now, late: 0 });
        now += period;
        if (problem !== null) fail(problem);
      },
      recorded: (): Recorded => ({ episodes, seconds: (now - since) / 1000, interventions }),
      forget() {
        since = now;
        [episodes, interventions] = [[], 0];
      },
    };
  }

  return {
    async demonstrate(wanted) {
      const { session, step, recorded } = await open("demonstrate", null);
      while (recorded().episodes.length < wanted) await step();
      await session.close();
      return recorded();
    },
    async watch(policy, isEnough) {
      if (watching) {
        watching.session.swap(policy, "episode");
        watching.forget();
      }
      watching ??= await open("watch", policy);
      const { step, recorded } = watching;
      for (;;) {
        await step();
        if (person.isLettingGo && isEnough(recorded())) return recorded();
      }
    },
    async close() {
      await watching?.session.close();
    },
  };
}
