/**
 * A task of one's own: a drone lands on a pad in the wind. The world and two experts are all that is needed:
 *
 *   npx apprentice tasks ./examples/landing.ts
 *   npx apprentice collect ./examples/landing.ts --expert steady,brisk --episodes 200 --out data/landing
 */
import {
  type Actor,
  box,
  defineTask,
  findOutside,
  randomStream,
  type Snapshot,
  type World,
  worldKey,
} from "apprentice";

const PERIOD = 0.05;
const GRAVITY = 9.81;
/** What a landing is: no faster than this, m/s, and no further from the middle of the pad, m. */
const GENTLE = 1;
const PAD = 1;

interface Drone {
  /** m from the pad, sideways and above; m/s. */
  x: number;
  z: number;
  vx: number;
  vz: number;
  /** The wind's push, m/s², the same throughout an episode and not observed. */
  wind: number;
  steps: number;
}

const spec = {
  name: "landing",
  observation: {
    place: box({ name: "offset", unit: "m", low: -60, high: 60 }, { name: "height", unit: "m", low: -5, high: 80 }),
    speed: box({ name: "sideways", unit: "m/s", low: -40, high: 40 }, { name: "up", unit: "m/s", low: -40, high: 40 }),
  },
  action: box({ name: "sideways", unit: "m/s²", low: -4, high: 4 }, { name: "thrust", unit: "m/s²", low: 0, high: 20 }),
  controlRate: 1 / PERIOD,
};

/** The world of the task: the same episode for the same seed and actions. */
export function landingWorld({ maxSteps = 400 }: { maxSteps?: number } = {}): World {
  let drone: Drone | null = null;
  const current = (): Drone => {
    if (!drone) throw new Error("landing: asked before the first reset");
    return drone;
  };
  const observe = ({ x, z, vx, vz }: Drone) => ({ place: Float32Array.of(x, z), speed: Float32Array.of(vx, vz) });
  const landed = ({ z }: Drone) => z <= 0;
  const gone = ({ x, z }: Drone) => Math.abs(x) > 50 || z > 70;
  const describe = (now: Drone) => ({
    success: landed(now) && Math.abs(now.vz) <= GENTLE && Math.abs(now.x) <= PAD,
    impact: landed(now) ? Math.abs(now.vz) : 0,
    miss: Math.abs(now.x),
  });
  return {
    spec: { ...spec, maxSteps },
    reset(seed) {
      const random = randomStream(worldKey(seed));
      const between = (low: number, high: number) => low + (high - low) * random.uniform();
      drone = { x: between(-10, 10), z: between(12, 20), vx: 0, vz: 0, wind: between(-0.5, 0.5), steps: 0 };
      return { observation: observe(drone), info: describe(drone) };
    },
    step(action) {
      const now = current();
      if (landed(now) || gone(now) || now.steps >= maxSteps)
        throw new Error("landing: step after the end of the episode");
      const problem = findOutside(spec.action, action);
      if (problem) throw new RangeError(`landing: action ${problem}`);
      now.vx += (action[0] + now.wind) * PERIOD;
      now.vz += (action[1] - GRAVITY) * PERIOD;
      now.x += now.vx * PERIOD;
      now.z += now.vz * PERIOD;
      now.steps += 1;
      const terminated = landed(now) || gone(now);
      const truncated = !terminated && now.steps >= maxSteps;
      const info = describe(now);
      return { observation: observe(now), reward: info.success ? 1 : 0, terminated, truncated, info };
    },
    snapshot: () => ({ ...current() }),
    restore(snapshot) {
      if (!isDrone(snapshot)) throw new Error(`landing: ${JSON.stringify(snapshot)} is no snapshot of this world`);
      drone = { ...snapshot };
      return { observation: observe(drone), info: describe(drone) };
    },
  };
}

function isDrone(snapshot: Snapshot): snapshot is Snapshot & Drone {
  return ["x", "z", "vx", "vz", "wind", "steps"].every((name) => Number.isFinite(snapshot[name]));
}

/** Comes down at a part of its height per second, and no faster than it can brake; steers to the middle all the while. */
function expert(name: string, pace: number): Actor {
  return {
    name,
    controller: "expert",
    reset() {},
    act({ place: [x, z], speed: [vx, vz] }) {
      const wanted = -0.4 - pace * Math.max(z, 0);
      return Float32Array.of(-1.5 * x - 2.2 * vx, GRAVITY + 3 * (wanted - vz));
    },
  };
}

export default defineTask({
  name: "landing",
  description: "land a drone on its pad, gently, in a wind that it does not see",
  makeEnvironment: () => landingWorld(),
  experts: { steady: () => expert("steady", 0.35), brisk: () => expert("brisk", 0.7) },
});
