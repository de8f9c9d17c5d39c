/** One long episode of Push-T as one number: equal where every bit of every step is equal. Runs in Node and in the browser. */
import { randomKey, randomStream } from "../../src/base/index.ts";
import { pushTWorld } from "../../src/environments/index.ts";
import { fingerprint } from "../base/fingerprint.ts";

/** 1,000 steps towards random targets that are held for 5 steps, with pushes, corners and walls. */
export function episodeFingerprint(): number {
  const world = pushTWorld({ maxSteps: 1000 });
  world.reset(4);
  const random = randomStream(randomKey(4));
  const numbers: number[] = [];
  let target = Float32Array.of(256, 256);
  for (let step = 0; step < 1000; step++) {
    if (step % 5 === 0) target = Float32Array.of(512 * random.uniform(), 512 * random.uniform());
    const { info, terminated } = world.step(target);
    const { pusher, block, contacts } = world.snapshot() as Record<string, number[]>;
    numbers.push(...pusher, ...block, ...contacts, Number(info.coverage));
    if (terminated) throw new Error(`the episode ended after ${step + 1} steps`);
  }
  return fingerprint(numbers);
}

/** What Node 20 on x86-64 computed in November 2026; every other engine must compute the same. */
export const EPISODE_FINGERPRINT = 2039092182;
