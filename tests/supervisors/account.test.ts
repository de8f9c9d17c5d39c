import { describe, expect, it } from "vitest";
import { type Account, accountOf, addAccounts } from "../../src/supervisors/index.ts";
import { type Episode, episodeOf } from "../../src/world/index.ts";
import { lineWorld } from "../rollouts/line.ts";

/** An episode at 10 Hz: who drove each step (p, e), where there are labels (L), and where a gate asked (A). */
function episode(drivers: string, labels = "", alarms: string | null = null, success = false): Episode {
  const { spec } = lineWorld();
  return episodeOf(
    { spec, seed: 0, actor: "both", info: { success } },
    [...drivers].map((who, step) => ({
      observation: { position: new Float32Array(2), clock: Float32Array.of(step) },
      action: new Float32Array(2),
      controller: who === "e" ? "expert" : "policy",
      chunkPlace: 0,
      reward: 1,
      terminated: step === drivers.length - 1,
      truncated: false,
      time: step / 10,
      label: labels[step] === "L" ? new Float32Array(2) : null,
      ...(alarms !== null && { gate: { alarm: alarms[step] === "A" ? 1 : 0 } }),
    })),
  );
}

describe("the supervisor's account", () => {
  it("counts what an episode cost: worked out by hand", () => {
    // Taken over in steps 2 and 7, driven for 3 + 2 steps, handed back once.
    expect(accountOf([episode("ppeeeppee", "..LLL..LL", null, true)], "person")).toEqual({
      episodes: 1,
      steps: 9,
      labels: 5,
      expertSteps: 5,
      interventions: 2,
      switches: 3,
      lookAhead: 0,
      attention: 0.9,
      alarms: 0,
      answered: 0,
      reaction: null,
      successes: 1,
    } satisfies Account);
  });

  it("counts an expert that begins as one intervention, and labels of states that the policy drove through", () => {
    const account = accountOf([episode("eepp", "LLLL")], "person");
    expect(account).toMatchObject({ interventions: 1, switches: 2, expertSteps: 2, labels: 4, successes: 0 });
  });

  it.each<[string, string, string, Partial<Account>]>([
    [
      "answered two steps after it began",
      "ppppeepp",
      "..AAAA..",
      { alarms: 1, answered: 1, reaction: 0.2, attention: 0.4 },
    ],
    [
      "answered in the step in which it began",
      "ppeepp",
      "..AA..",
      { alarms: 1, answered: 1, reaction: 0, attention: 0.2 },
    ],
    ["answered in the first step", "eepp", "AA..", { alarms: 1, answered: 1, reaction: 0, attention: 0.2 }],
    ["over before it was answered", "ppppeepp", ".AA.....", { alarms: 1, answered: 0, reaction: null, attention: 0.4 }],
    ["never answered", "pppp", "..AA", { alarms: 1, answered: 0, reaction: null, attention: 0.2 }],
    [
      "begun while the expert drove: nobody was asked for",
      "peeepp",
      "..A...",
      { alarms: 0, answered: 0, attention: 0.3 },
    ],
    [
      "that outlives the expert's drive asks anew",
      "pepppee",
      "AAAAAAA",
      { alarms: 2, answered: 2, reaction: 0.2, attention: 0.7 },
    ],
    [
      "twice, with 0.1 s and 0.3 s",
      "ppeppppee",
      ".AA.AAAAA",
      { alarms: 2, answered: 2, reaction: 0.2, attention: 0.7 },
    ],
  ])("measures an alarm %s", (_, drivers, alarms, expected) => {
    const found = accountOf([episode(drivers, "", alarms)], "gate");
    for (const [field, value] of Object.entries(expected)) {
      if (value === null) expect(found[field as keyof Account], field).toBeNull();
      else expect(found[field as keyof Account], field).toBeCloseTo(value as number, 12);
    }
  });

  it("counts a person's attention all the time, a gate's only while it asks or the expert drives", () => {
    const one = episode("pppeepppp", "", "..A......");
    expect(accountOf([one], "person").attention).toBeCloseTo(0.9, 12);
    expect(accountOf([one], "gate").attention).toBeCloseTo(0.3, 12);
  });

  it("adds up: many episodes cost what they cost one by one, reaction times by the alarms that were answered", () => {
    const all = [
      episode("ppppeepp", "LLLL....", "..AAAA..", true),
      episode("pppp", "", "..AA"),
      episode("ppeppppee", "", ".AA.AAAAA"),
    ];
    const whole = accountOf(all, "gate");
    // 0.2 s once, and 0.1 s and 0.4 - 0.1 = 0.3 s.
    expect(whole).toMatchObject({ episodes: 3, steps: 21, alarms: 4, answered: 3, successes: 1, labels: 4 });
    expect(whole.reaction).toBeCloseTo(0.2, 12);
    const parts = all.map((one) => accountOf([one], "gate"));
    const nothing = accountOf([], "gate");
    expect(parts.reduce(addAccounts, nothing)).toEqual(whole);
    expect(addAccounts(addAccounts(parts[0], parts[1]), parts[2]).reaction).toBeCloseTo(
      addAccounts(parts[0], addAccounts(parts[1], parts[2])).reaction!,
      12,
    );
    expect(nothing).toMatchObject({ episodes: 0, steps: 0, reaction: null });
  });
});
