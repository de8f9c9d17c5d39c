/** Records episodes without end, until the test that started it kills it: `store-crash-child.ts STORE`. */
import { writeSync } from "node:fs";
import { openStore } from "../../src/datasets/node.ts";
import { plainStep } from "./store-fixture.ts";

const STEPS = 40;
const store = await openStore(process.argv[2]);
for (let seed = store.episodeIds().length; ; seed++) {
  const recording = await store.startEpisode({ seed, actors: ["child"], info: { success: false } });
  for (let step = 0; step < STEPS; step++) {
    const truncated = step === STEPS - 1;
    // A label in some steps, so that records differ in length.
    const label = step % 3 === 0 ? Float32Array.of(step, 0, 0) : null;
    await recording.append(plainStep(seed, step, { truncated, label }));
    // Reported only when `append` has said that the step is kept.
    writeSync(1, `${recording.id} ${step + 1}\n`);
  }
  await recording.finish({ success: seed % 2 === 0 });
  writeSync(1, `${recording.id} finished\n`);
}
