import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { episodeFrom, openStore } from "../../src/datasets/node.ts";
import { completeOnlineRecipe, GATED, type RecipePart } from "../../src/recipes/index.ts";
import { learnOnline, type OnlineResult } from "../../src/verbs/index.ts";
import type { Episode } from "../../src/world/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-online-gates-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const SMALL = {
  rounds: 2,
  demonstrations: 3,
  episodes: 4,
  selection: 4,
  learning: { updates: 20 },
  gate: { trials: 8, updates: 20, members: 2, samples: 4, dwell: 2 },
} as const;

const learn = (name: string, recipe: RecipePart, gate: object = {}): Promise<OnlineResult> => {
  const learning = { ...SMALL.learning, ...(recipe.learning ?? {}) };
  const own = { ...SMALL, ...recipe, learning, gate: { ...SMALL.gate, ...gate } };
  return learnOnline({ task: "fork", out: join(scratch, name), recipe: own, threads: 1 });
};

async function supervisedOf(name: string): Promise<Episode[]> {
  const store = await openStore(join(scratch, name, "data"));
  const later = store.episodeIds().filter((id) => !id.startsWith("round-000"));
  return Promise.all(later.map(async (id) => episodeFrom(store.spec, await store.readEpisode(id))));
}

const READINGS = {
  "safe-dagger": ["unsafe"],
  "lazy-dagger": ["unsafe", "discrepancy"],
  "ensemble-dagger": ["discrepancy", "doubt"],
  "thrifty-dagger": ["novelty", "risk", "discrepancy"],
  "diff-dagger": ["loss"],
  stac: ["inconsistency"],
  recoverability: ["lost"],
  random: ["chance"],
} as const;

describe("the rounds of every gate", () => {
  it.each(GATED)(
    "%s: reads, asks, is answered and charged; the expert drives only where it asks",
    async (algorithm) => {
      // a threshold that half of all readings are above, and policies that fail now and then, so that everything happens
      const { rounds } = await learn(algorithm, { algorithm, seed: 2 }, { rule: "budget", alpha: 0.5, patience: 1 });
      const episodes = await supervisedOf(algorithm);
      expect(episodes).toHaveLength(8);
      for (const reading of READINGS[algorithm]) {
        const values = episodes.flatMap(({ gate }) => [...(gate?.[reading] ?? [])]);
        expect(values.some(Number.isFinite), reading).toBe(true);
      }
      for (const { gate, controller, label, length, spec } of episodes) {
        const size = spec.action.names.length;
        for (let step = 0; step < length; step++) {
          expect(controller[step] === "expert").toBe(gate?.alarm[step] === 1);
          const labelled = label !== undefined && !Number.isNaN(label[step * size]);
          if (controller[step] === "expert") expect(labelled).toBe(true);
          else if (algorithm !== "ensemble-dagger" && algorithm !== "lazy-dagger" && algorithm !== "thrifty-dagger") {
            expect(labelled).toBe(false);
          }
          if (algorithm === "ensemble-dagger") expect(labelled).toBe(true);
        }
      }
      const { total } = rounds[2];
      expect(total.alarms).toBeGreaterThan(0);
      expect(total.answered).toBe(total.alarms);
      expect(total.labels).toBeGreaterThan(0);
      // nobody looks while no gate asks
      const driven = total.expertSteps / 10;
      expect(total.attention).toBeCloseTo(driven, 6);
      for (const { round, gate } of rounds) {
        if (round === 0) expect(gate).toBeNull();
        else expect(gate).toMatchObject({ rule: "budget", alone: { n: 8 } });
      }
      if (algorithm !== "recoverability") expect(total.lookAhead).toBe(0);
      else {
        expect(total.lookAhead).toBeGreaterThan(0);
        expect(total.lookAhead).toBe(rounds.reduce((sum, { gate }) => sum + (gate?.simulated ?? 0), 0));
      }
    },
  );

  it("keep a conformal promise where successes are enough for one, else a budget of readings", async () => {
    const few = await learn("few", { algorithm: "safe-dagger" }, { alpha: 0.1 });
    // four episodes for thresholds at most: 9 successes are needed for 0.1
    expect(few.rounds[1].gate?.rule).toBe("budget");
    const learning = { updates: 400 };
    const enough = await learn("enough", { algorithm: "safe-dagger", rounds: 1, learning }, { alpha: 0.5, trials: 40 });
    expect(enough.rounds[1].gate).toMatchObject({ rule: "conformal" });
    expect(enough.rounds[1].gate?.successes).toBeGreaterThan(0);
  });

  it("go on after a stop as if there had been none", async () => {
    const recipe = { algorithm: "recoverability" } as const;
    const gate = { rule: "budget", alpha: 0.3 } as const;
    const whole = await learn("whole", recipe, gate);
    const stop = new AbortController();
    const own = { ...SMALL, ...recipe, gate: { ...SMALL.gate, ...gate } };
    const out = join(scratch, "stopped");
    const stopped = learnOnline({
      task: "fork",
      out,
      recipe: own,
      threads: 1,
      signal: stop.signal,
      onProgress: ({ round, stage }) => round === 2 && stage === "training" && stop.abort(new Error("stop")),
    });
    await expect(stopped).rejects.toThrow();
    expect(existsSync(join(out, "policy.onnx"))).toBe(false);
    // of the last round an episode was not finished
    const folder = join(out, "data", "episodes");
    rmSync(join(folder, readdirSync(folder).sort().at(-1) as string));
    const again = await learnOnline({ task: "fork", out, resume: true, threads: 1 });
    const [one, other] = ["whole", "stopped"].map((name) => readFileSync(join(scratch, name, "policy.onnx")));
    expect(one.equals(other)).toBe(true);
    const plain = (rounds: OnlineResult["rounds"]) => rounds.map(({ seconds, ...facts }) => facts);
    expect(plain(again.rounds)).toEqual(plain(whole.rounds));
  });

  it("need policies that draw where they judge plans, and have them by default", async () => {
    const complete = (part: RecipePart) =>
      completeOnlineRecipe(part, { task: "driving", expert: "left", where: "flags" }).learning;
    expect(complete({ algorithm: "stac" })).toMatchObject({
      policy: { head: { kind: "diffusion" } },
      horizons: { predictionHorizon: 8, actionHorizon: 4 },
    });
    expect(complete({ algorithm: "safe-dagger" }).policy.head.kind).toBe("l1");
    const learning = { policy: { head: { kind: "l1" } } };
    await expect(learn("l1", { algorithm: "diff-dagger", learning })).rejects.toThrow(InputError);
  });
});
