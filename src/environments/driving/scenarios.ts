/** What the seed lays out: the road, where the ego starts, and what it will meet. */
import { type RandomStream, randomStream } from "../../base/index.ts";
import { worldKey } from "../../world/index.ts";
import { laneCentre, type Road, randomRoad } from "./road.ts";
import type { Kind, Obstacle } from "./traffic.ts";
import { VEHICLE } from "./vehicle.ts";

/**
 * - `traffic`: three decisions on 260 m, the last of them a standing or a slow vehicle, among vehicles in the side lanes.
 * - `fork`: a crate in the middle, 20 m ahead at 10 m/s, to be passed on either side (ALGORITHMS.md 10.7 B).
 * - `urgent`: a crate that falls onto the road less than 1 s ahead.
 * - `leisurely`: a crate that is in sight for more than 5 s.
 */
export const SCENARIOS = ["traffic", "fork", "urgent", "leisurely"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Layout {
  readonly road: Road;
  /** s at which the route ends, m. */
  readonly goal: number;
  readonly start: { readonly s: number; readonly d: number; readonly headingError: number; readonly speed: number };
  /** The first is the one that the episode's mode is about. */
  readonly obstacles: readonly Obstacle[];
}

/** m/s, the speed that the road is made for. */
export const CRUISE = 10;
/** The ego starts here, m; the road goes on this far behind the goal. */
const START = 60;
const BEYOND = 80;

/** The layout of a seed: the same for ever. */
export function layOut(scenario: Scenario, seed: number): Layout {
  const random = randomStream(worldKey(seed));
  return scenario === "traffic" ? layOutTraffic(random) : layOutCrate(scenario, random);
}

type Range = readonly [low: number, high: number];

const between = (random: RandomStream, [low, high]: Range) => low + (high - low) * random.uniform();

function obstacle(kind: Kind, s: number, lane: number, size: Partial<Obstacle> = {}): Obstacle {
  return {
    kind,
    s,
    d: laneCentre(lane),
    length: 4.5,
    width: 1.8,
    speed: 0,
    acceleration: 0,
    desired: 7,
    waited: 0,
    notice: 0,
    ...size,
  };
}

const CRATE = { length: 1.2, width: 1.2 } as const;

/** How far ahead of the ego's bumper the crate lies, m, at the start. */
const CRATE_GAP = { fork: [19, 21], urgent: [25, 45], leisurely: [55, 60] } as const satisfies Record<string, Range>;
/** s between the fall of an urgent crate and the contact with it, were nothing to be changed. */
const NOTICE: Range = [0.85, 0.95];

function layOutCrate(scenario: keyof typeof CRATE_GAP, random: RandomStream): Layout {
  const gap = between(random, CRATE_GAP[scenario]);
  const s = START + VEHICLE.length / 2 + gap + CRATE.length / 2;
  const goal = Math.ceil(s) + 35;
  const hidden = scenario === "urgent";
  const crate = obstacle(hidden ? "hidden" : "crate", s, 1, { ...CRATE, notice: between(random, NOTICE) });
  const start = { s: START, d: 0.05 * random.normal(), headingError: 0, speed: CRUISE };
  return { road: randomRoad(goal + BEYOND, 0.25, random), goal, start, obstacles: [crate] };
}

const TRAFFIC = { route: 260, decisions: [60, 135, 210], jitter: 10 } as const;

function layOutTraffic(random: RandomStream): Layout {
  const goal = START + TRAFFIC.route;
  const road = randomRoad(goal + BEYOND, 0.45, random);
  const works = random.integer(0, TRAFFIC.decisions.length);
  const closed = new Set<number>();
  const obstacles: Obstacle[] = [];
  const wider: Obstacle[] = [];
  // Works come first: a vehicle that has moved on must not end behind one for good.
  TRAFFIC.decisions.forEach((ahead, i) => {
    const s = START + ahead + between(random, [-TRAFFIC.jitter, TRAFFIC.jitter]);
    if (i < works) {
      const size = { length: between(random, [8, 16]), width: 3 };
      obstacles.push(obstacle("works", s, 1, size));
      // Of four works one closes the right lane as well, one the left.
      const lane = [0, 2][random.integer(0, 4)];
      if (lane !== undefined) {
        closed.add(lane);
        wider.push(obstacle("works", s, lane, size));
      }
    } else if (random.integer(0, 2) === 0) {
      obstacles.push(obstacle("standing", s, 1, { desired: between(random, [5, 8]) }));
    } else {
      const speed = between(random, [4, 6]);
      obstacles.push(obstacle("moving", s, 1, { speed, desired: speed }));
    }
  });
  const sides = [0, 2].flatMap((lane) => (closed.has(lane) ? [] : sideTraffic(lane, random)));
  const start = { s: START, d: 0.1 * random.normal(), headingError: 0.01 * random.normal(), speed: CRUISE };
  return { road, goal, start, obstacles: [...obstacles, ...wider, ...sides] };
}

/** Up to two vehicles in an open side lane, at least 40 m apart, the first of them perhaps behind the ego. */
function sideTraffic(lane: number, random: RandomStream): Obstacle[] {
  const first = between(random, [20, 120]);
  return [first, first + between(random, [40, 140])].slice(0, random.integer(0, 3)).map((s) => {
    const speed = between(random, [5, 8]);
    return obstacle("moving", s, lane, { speed, desired: speed });
  });
}
