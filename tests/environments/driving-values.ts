/** Episodes of the driving world as one number: equal where every bit is equal. Runs in Node and in the browser. */
import { drivingWorld, SCENARIOS } from "../../src/environments/index.ts";
import { DRIVING_STYLES, drivingExpert } from "../../src/experts/index.ts";
import { fingerprint } from "../base/fingerprint.ts";

/** Observations, rewards and info of one episode per scenario and style, with every seventh action off the expert's. */
export function hashOfDriving(): number {
  const numbers: number[] = [];
  SCENARIOS.forEach((scenario, row) => {
    DRIVING_STYLES.forEach((style, column) => {
      const world = drivingWorld({ scenario });
      const expert = drivingExpert(world, style);
      let { observation } = world.reset(100 * row + column);
      for (let step = 0, ended = false; !ended; step++) {
        const action = expert.act(observation) as Float32Array;
        if (step % 7 === 0) action[0] = Math.max(-0.5, Math.min(0.5, action[0] + 0.01 * ((step % 5) - 2)));
        const result = world.step(action);
        observation = result.observation;
        ended = result.terminated || result.truncated;
        numbers.push(...Object.values(observation).flatMap((values) => [...values]), result.reward);
        numbers.push(Number(result.info.rmsJerk), Number(result.info.rmsLateralAcceleration));
      }
    });
  });
  return fingerprint(numbers);
}
