/** What a session told, kept by episode; and worlds that count how often they are stepped. */
import type { BegunEpisode, ClosedEpisode, SessionObserver, SessionView } from "../../src/live/index.ts";
import type { LiveStep } from "../../src/rollouts/index.ts";
import type { World } from "../../src/world/index.ts";

export interface Told {
  readonly begun: BegunEpisode;
  readonly steps: LiveStep[];
  closed: ClosedEpisode | null;
}

export function watching() {
  const episodes = new Map<string, Told>();
  const order: string[] = [];
  const views: SessionView[] = [];
  const told = (id: string): Told => {
    const found = episodes.get(id);
    if (!found) throw new Error(`told of episode ${id} before it began`);
    return found;
  };
  const observer: SessionObserver = {
    begun(begun) {
      if (episodes.has(begun.id)) throw new Error(`episode ${begun.id} began twice`);
      episodes.set(begun.id, { begun, steps: [], closed: null });
    },
    step(id, number, step) {
      const { steps, closed } = told(id);
      if (closed || number !== steps.length)
        throw new Error(`step ${number} of ${id} after ${steps.length}, ${closed}`);
      steps.push(step);
    },
    closed(closed) {
      const one = told(closed.id);
      if (one.closed) throw new Error(`episode ${closed.id} closed twice`);
      one.closed = closed;
      order.push(`closed ${closed.id}`);
    },
    marked: (id, success) => void order.push(`marked ${id} ${success}`),
    discarded: (id) => void order.push(`discarded ${id}`),
    viewed: (view) => void views.push(view),
    swapped: ({ version }) => void order.push(`swapped ${version}`),
    released: ({ version }) => void order.push(`released ${version}`),
    problem: (text, fatal) => void order.push(`${fatal ? "fatal" : "problem"}: ${text}`),
  };
  return {
    observer,
    /** By id, in the order in which they began. */
    episodes,
    /** All else that was told, a line each. */
    order,
    views,
    all: () => [...episodes.values()],
    /** "ppee": who drove the steps of the n-th episode, -1 the last. */
    drove: (n: number) =>
      [...episodes.values()]
        .at(n)
        ?.steps.map(({ controller }) => controller[0])
        .join("") ?? "",
  };
}

/** Makes worlds of which every step is counted. */
export function counting<W extends World>(make: () => W): { make: () => W; steps(): number } {
  let steps = 0;
  return {
    make: () => {
      const world = make();
      const step = world.step;
      world.step = (action) => {
        const result = step(action);
        steps += 1;
        return result;
      };
      return world;
    },
    steps: () => steps,
  };
}

/** Ids "e0", "e1", … and seeds from `first` on. */
export function numbering(first = 100) {
  let [id, seed] = [0, first];
  return { makeId: () => `e${id++}`, nextSeed: () => seed++ };
}
