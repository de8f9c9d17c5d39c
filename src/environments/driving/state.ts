/** The state of a driving world between two steps, and its form as a snapshot. */
import type { Snapshot } from "../../world/index.ts";
import { type Layout, layOut, type Scenario } from "./scenarios.ts";
import { KINDS, type Obstacle } from "./traffic.ts";
import type { Vehicle } from "./vehicle.ts";

export interface State {
  readonly seed: number;
  readonly layout: Layout;
  readonly ego: Vehicle;
  readonly obstacles: readonly Obstacle[];
  steps: number;
  /** Index of the obstacle that was touched, -1 while none was. */
  touched: number;
  departed: boolean;
  arrived: boolean;
  /** How the first decision was taken, once it was. */
  mode: "left" | "right" | "behind" | null;
  /** Sums over the steps: squared jerk (m²/s⁶) and squared lateral acceleration (m²/s⁴). */
  jerkSquares: number;
  lateralSquares: number;
}

export function startState(scenario: Scenario, seed: number, lay = layOut): State {
  const layout = lay(scenario, seed);
  const still = { lateralSpeed: 0, yawRate: 0, steering: 0, forwardAcceleration: 0, lateralAcceleration: 0 };
  return {
    seed,
    layout,
    ego: { ...layout.start, ...still },
    obstacles: layout.obstacles.map((one) => ({ ...one })),
    steps: 0,
    touched: -1,
    departed: false,
    arrived: false,
    mode: null,
    jerkSquares: 0,
    lateralSquares: 0,
  };
}

/** The numbers of a vehicle and of an obstacle that change; what does not comes from the layout. */
const EGO = [
  "s",
  "d",
  "headingError",
  "speed",
  "lateralSpeed",
  "yawRate",
  "steering",
  "forwardAcceleration",
  "lateralAcceleration",
] as const satisfies readonly (keyof Vehicle)[];
const MOVING = ["s", "speed", "acceleration", "waited"] as const satisfies readonly (keyof Obstacle)[];

export function snapshotOf(scenario: Scenario, state: State): Snapshot {
  const { seed, ego, obstacles, layout: _, ...rest } = state;
  return {
    scenario,
    seed,
    ...rest,
    ego: EGO.map((name) => ego[name]),
    obstacles: obstacles.flatMap((one) => [KINDS.indexOf(one.kind), ...MOVING.map((name) => one[name])]),
  };
}

/** Throws Error for what is no snapshot of a driving world of this scenario. `lay` answers as `layOut` does. */
export function readSnapshot(scenario: Scenario, snapshot: Snapshot, lay = layOut): State {
  const refuse = (what: string): never => {
    throw new Error(`driving: ${what}, expected a snapshot of a driving world of scenario "${scenario}"`);
  };
  if (snapshot.scenario !== scenario) refuse(`scenario ${JSON.stringify(snapshot.scenario)}`);
  const { seed, mode } = snapshot;
  const state = startState(scenario, typeof seed === "number" ? seed : refuse(`seed ${seed}`), lay);
  for (const name of ["steps", "touched", "jerkSquares", "lateralSquares"] as const) {
    const value = snapshot[name];
    state[name] = typeof value === "number" ? value : refuse(`${name} ${value}`);
  }
  for (const name of ["departed", "arrived"] as const) {
    const value = snapshot[name];
    state[name] = typeof value === "boolean" ? value : refuse(`${name} ${value}`);
  }
  state.mode =
    mode === "left" || mode === "right" || mode === "behind" || mode === null ? mode : refuse(`mode ${mode}`);
  const ego = numbers(snapshot.ego, EGO.length) ?? refuse("ego of another size");
  EGO.forEach((name, i) => {
    state.ego[name] = ego[i];
  });
  const width = 1 + MOVING.length;
  const rows = numbers(snapshot.obstacles, state.obstacles.length * width) ?? refuse("obstacles of another number");
  state.obstacles.forEach((one, row) => {
    one.kind = KINDS[rows[row * width]] ?? refuse(`obstacle kind ${rows[row * width]}`);
    MOVING.forEach((name, i) => {
      one[name] = rows[row * width + 1 + i];
    });
  });
  return state;
}

function numbers(value: Snapshot[string] | undefined, length: number): readonly number[] | null {
  const fits = Array.isArray(value) && value.length === length && value.every((number) => typeof number === "number");
  return fits ? value : null;
}
