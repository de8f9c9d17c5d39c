/** Recordings with known truth for verification. */
import { randomKey, randomStream } from "../../src/base/index.ts";
import type { Recorded } from "../../src/datasets/index.ts";

/**
 * A cart that a person moves: the action is a velocity, the position follows it exactly, another column is noise. Episodes
 * of the given lengths; every number differs from every other.
 */
export function cart(lengths: readonly number[], more: Partial<Recorded> = {}): Recorded {
  const random = randomStream(randomKey(7));
  const steps = lengths.reduce((sum, length) => sum + length, 0);
  const [observation, action] = [new Float32Array(2 * steps), new Float32Array(steps)];
  const time = new Float64Array(steps);
  let row = 0;
  const episodeEnds = Int32Array.from(lengths, (length) => {
    let position = random.normal();
    let velocity = random.normal();
    for (let step = 0; step < length; step++, row++) {
      velocity = 0.5 * velocity + random.normal();
      observation.set([position, random.normal()], 2 * row);
      action[row] = velocity;
      time[row] = step / 10;
      position += 0.1 * velocity;
    }
    return row;
  });
  return {
    task: "cart",
    observation: { names: ["cart.position", "cart.noise"], units: ["m", "1"], values: observation },
    action: { names: ["velocity"], units: ["m/s"], values: action },
    episodeEnds,
    controlRate: 10,
    provenance: { format: "test", source: "cart", actors: ["person"], notes: [] },
    files: lengths.map((_, episode) => `cart/${episode}.mcap`),
    time,
    ...more,
  };
}

/** The same recording with a copy of its arrays to break. */
export function copyOf(data: Recorded): Recorded & { time: Float64Array } {
  const { observation, action, time } = data;
  return {
    ...data,
    observation: { ...observation, values: observation.values.slice() },
    action: { ...action, values: action.values.slice() },
    time: time?.slice() ?? new Float64Array(action.values.length),
  };
}

/** Every action recorded `late` steps after it was executed (before, where negative), within its episode. */
export function shifted<Data extends Pick<Recorded, "action" | "episodeEnds">>(data: Data, late: number): Data {
  const width = data.action.names.length;
  const values = data.action.values.slice();
  let start = 0;
  for (const end of data.episodeEnds) {
    for (let row = start; row < end; row++) {
      const from = Math.min(end - 1, Math.max(start, row - late));
      values.set(data.action.values.subarray(from * width, (from + 1) * width), row * width);
    }
    start = end;
  }
  return { ...data, action: { ...data.action, values } };
}
