/** Episodes of the classic worlds as one number: equal where every bit is equal. Runs in Node and in the browser. */
import { randomKey, randomStream } from "../../src/base/index.ts";
import { cartPoleWorld, pendulumWorld } from "../../src/environments/index.ts";
import { cartPoleExpert, pendulumExpert } from "../../src/experts/index.ts";
import { fingerprint } from "../base/fingerprint.ts";

/** States and rewards of five episodes of each, in which the experts act and every third action is random. */
export function hashOfClassic(): number {
  const numbers: number[] = [];
  for (const { world, expert } of [
    { world: cartPoleWorld(), expert: cartPoleExpert() },
    { world: pendulumWorld(), expert: pendulumExpert() },
  ]) {
    const { low, high } = world.spec.action;
    for (let seed = 0; seed < 5; seed++) {
      const random = randomStream(randomKey(seed));
      let { observation } = world.reset(seed);
      for (let step = 0, ended = false; !ended; step++) {
        const drawn = Float32Array.of(low[0] + (high[0] - low[0]) * random.uniform());
        const result = world.step(step % 3 === 2 ? drawn : (expert.act(observation) as Float32Array));
        observation = result.observation;
        ended = result.terminated || result.truncated;
        numbers.push(...Object.values(world.state()), result.reward);
      }
    }
  }
  return fingerprint(numbers);
}
