import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Gate,
  type Moment,
  rolloutMany,
  type SupervisionOptions,
  type Supervisor,
  supervise,
} from "../../src/rollouts/index.ts";
import type { Environment, Episode } from "../../src/world/index.ts";
import { linePlanner, lineWorld } from "./line.ts";
import {
  countingGate,
  type PlainRow,
  plainly,
  type Script,
  type ScriptedOptions,
  scripted,
  scripts,
} from "./scripted.ts";

/** A column's row, null where it is NaN or not there. */
function rowOf(column: Float32Array | undefined, step: number): number[] | null {
  const row = column ? [...column.subarray(2 * step, 2 * step + 2)] : [Number.NaN];
  return row.some(Number.isNaN) ? null : row;
}

function rowsOf({ action, proposed, label, controller, chunkPlace, gate = {}, length }: Episode): PlainRow[] {
  return Array.from({ length }, (_, step) => ({
    action: rowOf(action, step) as number[],
    proposed: rowOf(proposed, step),
    label: rowOf(label, step),
    controller: controller[step],
    chunkPlace: chunkPlace[step],
    gate: Object.fromEntries(
      Object.entries(gate).flatMap(([name, values]) => (Number.isNaN(values[step]) ? [] : [[name, values[step]]])),
    ),
  }));
}

const gates = fc.option(
  fc.record({
    reads: fc.constantFrom("step" as const, "plan" as const),
    asksExpert: fc.constantFrom("never" as const, "driving" as const, "always" as const),
    rule: fc.record({
      thresholds: fc.constant({ doubt: 5 }),
      patience: fc.integer({ min: 1, max: 2 }),
      dwell: fc.integer({ min: 1, max: 3 }),
    }),
  }),
  { nil: undefined },
);

describe("supervise", () => {
  it("equals the loop in plain words, step for step", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(scripts, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        gates,
        fc.constantFrom<ScriptedOptions["labels"]>("always", "driving"),
        fc.option(fc.constant(7), { nil: undefined }),
        async (observationHorizon, actionHorizon, all, together, given, labels, disturbance) => {
          const planner = linePlanner({
            observationHorizon,
            actionHorizon,
            predictionHorizon: observationHorizon + actionHorizon,
          });
          const gate = given && countingGate(given);
          const seeds = all.map((_, i) => 100 + i);
          const episodes = await supervise(() => lineWorld({ length: 12 }), planner, seeds, {
            makeSupervisor: () => scripted((seed) => all[seed - 100], { labels, disturbance }),
            gate,
            together,
          });
          for (const [i, seed] of seeds.entries()) {
            const rows = await plainly({
              ...{ world: lineWorld({ length: 12 }), planner, seed, script: all[i], gate, labels, disturbance },
            });
            expect(rowsOf(episodes[i])).toEqual(rows);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("equals rolloutMany where nobody does anything", async () => {
    const planner = linePlanner({ observationHorizon: 2, predictionHorizon: 9, actionHorizon: 4 });
    const idle: Supervisor = { name: "idle", reset() {}, requests: () => [], answer: () => null };
    const seeds = [1, 2, 3, 4, 5];
    const makeWorld = () => lineWorld({ length: 11 });
    for (const execution of [undefined, { kind: "ensemble", m: 0.1 } as const]) {
      const plain = await rolloutMany(makeWorld, planner, seeds, { execution, together: 2 });
      const beside = await supervise(makeWorld, planner, seeds, { makeSupervisor: () => idle, execution, together: 3 });
      beside.forEach(({ proposed, operator, actor, ...episode }, i) => {
        expect({ operator, actor }).toEqual({ operator: "idle", actor: "planner, idle" });
        // A policy that nobody disturbs executes what it proposes.
        expect(proposed).toEqual(episode.action);
        expect({ ...episode, actor: "planner", spec: plain[i].spec }).toEqual(plain[i]);
      });
    }
  });

  it("lets a gate alone read, with nobody beside it", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const gate = countingGate({ rule: { thresholds: { doubt: 5 } } });
    const [episode] = await supervise(() => lineWorld({ length: 8 }), planner, [3], { gate });
    const [plain] = await rolloutMany(() => lineWorld({ length: 8 }), planner, [3]);
    expect(episode.action).toEqual(plain.action);
    // Chunks are planned in steps 0 and 4: doubts 0 and 28 mod 10 = 8.
    expect([...episode.gate!.doubt]).toEqual([0, ...nothing(3), 8, ...nothing(3)]);
    expect([...episode.gate!["doubt.threshold"]]).toEqual([5, ...nothing(3), 5, ...nothing(3)]);
    expect([...episode.gate!.alarm]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(episode).not.toHaveProperty("operator");
    expect(episode).not.toHaveProperty("label");
  });

  it("records an intervention in the midst of a chunk: worked out by hand", async () => {
    // Chunks of 4 actions, the first number of each 1 + planned/100 + index/1000. The expert drives steps 2 and 3.
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const script: Script = [[], [], ["takeOver"], [], ["handBack"], [], []];
    const [episode] = await supervise(() => lineWorld({ length: 7 }), planner, [5], {
      makeSupervisor: () => scripted(() => script, { labels: "driving" }),
      policyVersion: "round-3",
    });
    const first = (column: Float32Array) => Array.from({ length: 7 }, (_, step) => round(column[2 * step]));
    expect(episode.controller.map((who) => who[0]).join("")).toBe("ppeeppp");
    // The policy's plan of step 0 until step 1; the expert's -1 - step/100; a new plan of step 4 from there.
    expect(first(episode.action)).toEqual([1, 1.001, -1.02, -1.03, 1.04, 1.041, 1.042]);
    expect(first(episode.label!)).toEqual([Number.NaN, Number.NaN, -1.02, -1.03, ...nothing(3)]);
    // In step 2 the policy had a proposal, which the expert overruled; in step 3 it was not asked.
    expect(first(episode.proposed!)).toEqual([1, 1.001, 1.002, Number.NaN, 1.04, 1.041, 1.042]);
    expect([...episode.chunkPlace]).toEqual([0, 1, 0, 0, 0, 1, 2]);
    expect(episode).toMatchObject({ operator: "scripted", policyVersion: "round-3", actor: "planner, scripted" });
  });

  it("forgets the plans of before where plans are averaged", async () => {
    // Plans of 3 in every step, averaged; the expert drives step 2. In step 1 the plans of steps 0 and 1 count (1.001, 1.01), in
    // step 3 only that of step 3, in step 4 those of steps 3 and 4 (1.031, 1.04).
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 3, actionHorizon: 1 });
    const script: Script = [[], [], ["takeOver"], ["handBack"], []];
    const [episode] = await supervise(() => lineWorld({ length: 5 }), planner, [5], {
      makeSupervisor: () => scripted(() => script, { labels: "driving" }),
      execution: { kind: "ensemble", m: 0 },
    });
    const first = Array.from({ length: 5 }, (_, step) => round(episode.action[2 * step]));
    expect(first).toEqual([1, 1.0055, -1.02, 1.03, 1.0355]);
  });

  it("tells a gate's score when an episode begins under a number", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const heard: string[] = [];
    const gate = countingGate({ rule: { thresholds: { doubt: 5 } } });
    await supervise(() => lineWorld({ length: 4 }), planner, [7, 8, 9], {
      together: 2,
      gate: {
        ...gate,
        score: {
          ...gate.score,
          start: (episode) => void heard.push(`start ${episode}`),
          read(moments) {
            heard.push(`read ${moments.episodes.join(" ")}`);
            return gate.score.read(moments);
          },
        },
      },
    });
    expect(heard).toEqual(["start 0", "start 1", "read 0 1", "start 2", "read 2"]);
  });

  it("goes the same way where people and environments answer later", async () => {
    const planner = linePlanner({ observationHorizon: 2, predictionHorizon: 6, actionHorizon: 3 });
    const script: Script = [[], ["takeOver"], [], ["pause"], [], ["takeOver"], ["handBack"], [], ["takeOver"]];
    const gate = countingGate({ rule: { thresholds: { doubt: 5 } }, asksExpert: "always" });
    const slowWorld = (): Environment => {
      const world = lineWorld({ length: 8 });
      return {
        spec: world.spec,
        reset: async (seed) => world.reset(seed),
        step: (action) => new Promise((resolve) => setTimeout(() => resolve(world.step(action)))),
      };
    };
    const run = (makeEnvironment: () => Environment, later: boolean, score: Gate["score"]) =>
      supervise(makeEnvironment, planner, [1, 2, 3], {
        makeSupervisor: () => scripted(() => script, { labels: "always", later }),
        gate: { ...gate, score },
        together: 2,
      });
    const slowScore: Gate["score"] = { ...gate.score, read: async (moments) => gate.score.read(moments) };
    const atOnce = await run(() => lineWorld({ length: 8 }), false, gate.score);
    expect(await run(slowWorld, true, slowScore)).toEqual(atOnce);
  });

  it("stands while paused, asks again, and lets the rest of the process go on meanwhile", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const moments: Moment[] = [];
    let goesOn = false;
    setTimeout(() => {
      goesOn = true;
    }, 20);
    const [episode] = await supervise(() => lineWorld({ length: 4 }), planner, [1], {
      makeSupervisor: () => ({
        name: "person",
        reset() {},
        requests(moment) {
          moments.push(moment);
          if (moment.step !== 2) return [];
          if (moment.phase !== "paused") return ["pause"];
          return goesOn ? ["handBack"] : [];
        },
        answer: () => null,
      }),
      gate: countingGate({ rule: { thresholds: { doubt: 5 } } }),
    });
    const standing = moments.filter(({ phase }) => phase === "paused");
    expect(standing.length).toBeGreaterThan(1);
    expect(new Set(standing.map(({ step, time }) => `${step} at ${time}`))).toEqual(new Set(["2 at 0.2"]));
    // Nothing was read while it stood; the chunk was dropped, and a new one made in step 2.
    expect([...episode.gate!.doubt]).toEqual([0, Number.NaN, 4, Number.NaN]);
    expect([...episode.chunkPlace]).toEqual([0, 1, 0, 1]);
    expect(episode.length).toBe(4);
  });

  it("shows supervisors what was seen, proposed, earned and read before the step", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 3, actionHorizon: 3 });
    const moments: Moment[] = [];
    const [episode] = await supervise(() => lineWorld({ length: 5 }), planner, [9], {
      makeSupervisor: () => ({
        name: "person",
        reset() {},
        requests(moment) {
          moments.push(moment);
          return [];
        },
        answer: () => null,
      }),
      gate: countingGate({ rule: { thresholds: { doubt: 0.5 } } }),
    });
    expect(
      moments.map(({ step, time, planned, alarmed, phase, reward }) => [step, time, planned, alarmed, phase, reward]),
    )
      // Doubt is 0 in step 0 and 21 mod 10 = 1 in step 3. The reward is the number of the step that was taken.
      .toEqual([
        [0, 0, true, false, "policy", null],
        [1, 0.1, false, false, "policy", 1],
        [2, 0.2, false, false, "policy", 2],
        [3, 3 / 10, true, true, "alarmed", 3],
        [4, 0.4, false, true, "alarmed", 4],
      ]);
    expect(moments.flatMap(({ proposed }) => [...proposed!])).toEqual([...episode.action]);
    expect(moments[2].readings).toMatchObject({ doubt: 0, "doubt.threshold": 0.5 });
  });

  it("leaves an alarmed policy where the expert hands back in the midst of an alarm", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 2, actionHorizon: 2 });
    const phases: string[] = [];
    const script: Script = [[], ["takeOver"], [], ["handBack"], []];
    const makeSupervisor = () => {
      const inner = scripted(() => script, { labels: "driving" });
      const watching: Supervisor = {
        ...inner,
        requests(moment) {
          phases.push(moment.phase);
          return inner.requests(moment);
        },
        answer(moment, asked) {
          phases.push(moment.phase);
          return inner.answer(moment, asked);
        },
      };
      return watching;
    };
    await supervise(() => lineWorld({ length: 5 }), planner, [1], {
      makeSupervisor,
      // Above 0 from step 1 on.
      gate: countingGate({ rule: { thresholds: { doubt: 0 } }, reads: "step" }),
    });
    // Before and after the requests of each step.
    expect(phases.map((phase) => phase[0]).join("")).toBe("pp" + "ae" + "ee" + "ea" + "aa");
  });

  it("reads the chunk that is made where control comes back, and heeds it in the next step", async () => {
    // Ta 5: after the hand-back in step 3 the policy would else go unwatched until step 8.
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 5, actionHorizon: 5 });
    const script: Script = [["takeOver"], [], [], ["handBack"], [], []];
    const [episode] = await supervise(() => lineWorld({ length: 6 }), planner, [1], {
      makeSupervisor: () => scripted(() => script, { labels: "driving" }),
      gate: countingGate({ rule: { thresholds: { doubt: 0.5 } } }),
    });
    // Read in step 0; in step 1, where the expert drives beside a policy that plans for the gate (doubt 7, alarm);
    // in step 3, where a new chunk begins (doubt 1).
    expect([...episode.gate!.doubt]).toEqual([0, 7, Number.NaN, 1, Number.NaN, Number.NaN]);
    expect([...episode.gate!.alarm]).toEqual([0, 1, 1, 1, 1, 1]);
    expect(rowOf(episode.proposed, 2)).not.toBeNull();
  });

  it("plans beside an expert only where a gate looks", async () => {
    const script: Script = [["takeOver"], [], [], [], [], [], [], []];
    const batches: Record<string, number[]> = { alone: [], watched: [] };
    const run = (counts: number[], options: SupervisionOptions) =>
      supervise(
        () => lineWorld({ length: 8 }),
        linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 }, counts),
        [1],
        { makeSupervisor: () => scripted(() => script, { labels: "driving" }), ...options },
      );
    await run(batches.alone, {});
    await run(batches.watched, { gate: countingGate({ rule: { thresholds: { doubt: 99 } } }) });
    // Step 0 is the policy's until the expert takes over; then every 4 steps, from step 1.
    expect(batches).toEqual({ alone: [1], watched: [1, 1, 1] });
  });

  it("charges a gate's questions as labels", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const run = async (asksExpert: "never" | "driving" | "always", reads: "step" | "plan") => {
      const script: Script = [[], [], [], [], [], ["takeOver"], [], ["handBack"], [], []];
      const [episode] = await supervise(() => lineWorld({ length: 10 }), planner, [1], {
        makeSupervisor: () => scripted(() => script, { labels: "driving" }),
        gate: countingGate({ rule: { thresholds: { doubt: 99 } }, asksExpert, reads }),
      });
      return Array.from({ length: 10 }, (_, step) => (rowOf(episode.label, step) ? "L" : ".")).join("");
    };
    expect(await run("never", "step")).toBe(".....LL...");
    // Also in step 7, where it drove until then, and hands back.
    expect(await run("driving", "step")).toBe(".....LLL..");
    expect(await run("always", "step")).toBe("LLLLLLLLLL");
    // Chunks begin in steps 0 and 4; beside the expert, in step 6; and anew in step 7.
    expect(await run("always", "plan")).toBe("L...LLLL..");
  });

  it("stops after so many ticks, and keeps what has begun as it is", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 2, actionHorizon: 2 });
    const ended: [number, boolean][] = [];
    const episodes = await supervise(() => lineWorld({ length: 4 }), planner, [1, 2, 3, 4, 5], {
      together: 2,
      ticks: 7,
      onEpisode: ({ seed, terminated }) => void ended.push([seed, terminated]),
    });
    expect(episodes.map(({ seed, length, terminated, truncated }) => [seed, length, terminated, truncated])).toEqual([
      [1, 4, true, false],
      [2, 4, true, false],
      [3, 3, false, false],
      [4, 3, false, false],
    ]);
    expect(ended).toEqual([
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ]);
    // Where the last tick ends an episode, no other is begun.
    const begun: number[] = [];
    const counting = () => {
      const world = lineWorld({ length: 4 });
      const { reset } = world;
      world.reset = (seed) => {
        begun.push(seed);
        return reset(seed);
      };
      return world;
    };
    await supervise(counting, planner, [1, 2, 3, 4], { together: 2, ticks: 4 });
    expect(begun).toEqual([1, 2]);
    expect(await supervise(() => lineWorld(), planner, [1], { ticks: 0 })).toEqual([]);
    await expect(supervise(() => lineWorld(), planner, [1], { ticks: -1 })).rejects.toThrow("ticks: found -1");
  });

  it("shows all moments of a tick before anybody requests, and begins new episodes at once", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    // From x = 0 the limit is passed in the fifth step, from x = 2 in the third; Ta is 4.
    const ticks: string[] = [];
    let requested = 0;
    const makeSupervisor = (): Supervisor => ({
      name: "person",
      reset() {},
      requests() {
        requested += 1;
        return [];
      },
      answer: () => null,
    });
    await supervise(() => lineWorld({ limit: 4.5 }), planner, [0, 2, 0], {
      makeSupervisor,
      together: 2,
      survey(moments) {
        ticks.push(`${requested}: ${[...moments.values()].map(({ step }) => step).join(" ")}`);
      },
    });
    expect(ticks).toEqual(["0: 0 0", "2: 1 1", "4: 2 2", "6: 3 0", "8: 4 1", "10: 2", "11: 3", "12: 4"]);
  });

  it("names what is wrong", async () => {
    const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const run = (options: SupervisionOptions) => supervise(() => lineWorld({ length: 6 }), planner, [1], options);
    const silent: Supervisor = { name: "silent", reset() {}, requests: () => ["takeOver"], answer: () => null };
    await expect(run({ makeSupervisor: () => silent })).rejects.toThrow("silent: drives, expected an action");
    const gate = (thresholds: Record<string, number>, score: Partial<Gate["score"]> = {}): Gate => {
      const counting = countingGate({ rule: { thresholds } });
      return { ...counting, score: { ...counting.score, ...score } };
    };
    await expect(run({ gate: gate({ dout: 1 }) })).rejects.toThrow('threshold of "dout": expected one of its readings');
    await expect(run({ gate: gate({ doubt: 1 }, { readings: ["doubt", "alarm"] }) })).rejects.toThrow(
      'found a reading named "alarm"',
    );
    await expect(run({ gate: gate({ doubt: 1 }, { read: () => new Float32Array(3) }) })).rejects.toThrow(
      "counting: read 3 numbers, expected 1 episodes x 4",
    );
    await expect(run({ gate: gate({ apart: 1 }) })).rejects.toThrow('found no reading of "apart"');
    await expect(run({ gate: gate({ doubt: 1 }, { asksExpert: "always" }) })).rejects.toThrow("nobody: the gate asked");
  });
});

const nothing = (count: number) => new Array(count).fill(Number.NaN);
/** float32 to the digits that a number was written with. */
const round = (value: number) => Math.round(value * 1e6) / 1e6;
