/** Spaces: what observations and actions are made of, with a name, a unit and bounds per dimension. */

/** A box in R^D: every dimension has a name, a unit (SI where one exists; "1" for none) and inclusive bounds. */
export interface Box {
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** One dimension of a box as it is written down. */
interface Dimension {
  name: string;
  unit: string;
  low: number;
  high: number;
}

/** A box from its dimensions. Throws RangeError where a bound is NaN or low exceeds high, or a name comes twice. */
export function box(...dimensions: Dimension[]): Box {
  const names = dimensions.map(({ name }) => name);
  for (const { name, low, high } of dimensions) {
    if (!(low <= high))
      throw new RangeError(`box dimension "${name}": found bounds [${low}, ${high}], expected low <= high`);
    if (names.indexOf(name) !== names.lastIndexOf(name)) throw new RangeError(`box dimension "${name}": named twice`);
  }
  return {
    names,
    units: dimensions.map(({ unit }) => unit),
    low: dimensions.map(({ low }) => low),
    high: dimensions.map(({ high }) => high),
  };
}

/** What is wrong with `values` as an element of `space`, in words; null when they lie in it. */
export function findOutside(space: Box, values: ArrayLike<number>): string | null {
  if (values.length !== space.names.length) {
    return `found ${values.length} numbers, expected ${space.names.length} (${space.names.join(", ")})`;
  }
  // Values are float32, in which a bound of 0.1 is a little more than 0.1.
  const lies = (value: number, low: number, high: number) =>
    Number.isFinite(value) && Math.fround(value) >= Math.fround(low) && Math.fround(value) <= Math.fround(high);
  const i = space.names.findIndex((_, i) => !lies(values[i], space.low[i], space.high[i]));
  if (i < 0) return null;
  return `${space.names[i]}: found ${values[i]}, expected ${space.low[i]} to ${space.high[i]} ${space.units[i]}`;
}

/** `values` [D] moved to the nearest point of `space`, as a new array; NaN stays NaN for the world to refuse. */
export function clampTo(space: Box, values: ArrayLike<number>): Float32Array {
  return Float32Array.from(values, (value, i) => Math.min(Math.max(value, space.low[i]), space.high[i]));
}

/** An observation: named arrays, each an element of the box of the same name. */
export type Observation = Readonly<Record<string, Float32Array>>;
/** The boxes of an observation. The order of the keys is the order in which a policy reads them. */
export type ObservationSpace = Readonly<Record<string, Box>>;

/** Do: how many numbers all arrays of an observation hold together. */
export function observationSize(space: ObservationSpace): number {
  return Object.values(space).reduce((sum, { names }) => sum + names.length, 0);
}

/** The names of the Do numbers of a packed observation, as `array.dimension`. */
export function observationNames(space: ObservationSpace): string[] {
  return Object.entries(space).flatMap(([array, { names }]) => names.map((name) => `${array}.${name}`));
}

/** Writes the arrays of an observation one after another into `out` at `offset`: Do numbers. */
export function packObservation(
  space: ObservationSpace,
  observation: Observation,
  out: Float32Array,
  offset: number,
): void {
  for (const [array, { names }] of Object.entries(space)) {
    const values = observation[array];
    if (values?.length !== names.length) {
      throw new RangeError(`observation "${array}": found ${values?.length} numbers, expected ${names.length}`);
    }
    out.set(values, offset);
    offset += names.length;
  }
}
