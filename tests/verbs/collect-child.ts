/** Collects slowly, and says so after each episode, until the test that started it kills it: `collect-child.ts OUT`. */
import { writeSync } from "node:fs";
import { findTask, mixedExpert } from "../../src/tasks/index.ts";
import { collectDemonstrations } from "../../src/verbs/index.ts";

const fork = findTask("fork");
const patient = () => {
  const expert = mixedExpert(fork, ["either-side"], fork.makeEnvironment());
  return {
    name: "either-side",
    controller: "expert" as const,
    reset: expert.reset,
    async act(observation: Parameters<typeof expert.act>[0]) {
      await new Promise((settle) => setTimeout(settle, 0.5));
      return expert.act(observation);
    },
  };
};
await collectDemonstrations({
  task: { ...fork, experts: { "either-side": patient } },
  experts: ["either-side"],
  episodes: 60,
  out: process.argv[2],
  onProgress: (episodes) => writeSync(1, `${episodes}\n`),
});
writeSync(1, "finished\n");
