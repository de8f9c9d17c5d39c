import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterRequests, DRIVERS, flushes, type Phase, type Request, TRANSITIONS } from "../../src/rollouts/index.ts";

const PHASES: readonly Phase[] = ["policy", "alarmed", "expert", "paused"];
const REQUESTS: readonly Request[] = ["takeOver", "handBack", "alarm", "clear", "pause"];
const requests = fc.array(fc.constantFrom(...REQUESTS), { maxLength: 12 });

/** The table a second time, as the sentences of DESIGN.md and of issue 4. */
function phaseBySentences(phase: Phase, request: Request): Phase {
  // Whoever takes over drives, whatever was before; whoever hands back lets the policy drive, whatever was before.
  if (request === "takeOver") return "expert";
  if (request === "handBack" && phase !== "alarmed") return "policy";
  // A pause stops all.
  if (request === "pause") return "paused";
  // A gate never changes who drives: it only marks a policy that drives.
  if (phase === "expert" || phase === "paused") return phase;
  // Nor does handing back what one does not hold: the alarm stays until the gate takes it back.
  if (request === "handBack") return "alarmed";
  return request === "alarm" ? "alarmed" : "policy";
}

describe("the transition table", () => {
  it("has a phase for every request in every phase, and a driver or none for every phase", () => {
    expect(Object.keys(TRANSITIONS)).toEqual(PHASES);
    for (const phase of PHASES) expect(Object.keys(TRANSITIONS[phase])).toEqual(REQUESTS);
    expect(DRIVERS).toEqual({ policy: "policy", alarmed: "policy", expert: "expert", paused: null });
  });

  it.each(PHASES.flatMap((phase) => REQUESTS.map((request) => [phase, request] as const)))(
    "in phase %s, %s does what the sentences say",
    (phase, request) => {
      expect(TRANSITIONS[phase][request]).toBe(phaseBySentences(phase, request));
    },
  );

  it("latches: nothing but a request to hand back or to pause ends taking over, and no request is none", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PHASES), requests, (phase, all) => {
        const others = all.filter((request) => request !== "handBack" && request !== "pause");
        expect(afterRequests(phase, ["takeOver", ...others])).toBe("expert");
      }),
    );
    expect(afterRequests("expert", [])).toBe("expert");
  });

  it("lets a gate change nobody who drives", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PHASES), fc.array(fc.constantFrom<Request>("alarm", "clear")), (phase, said) => {
        expect(DRIVERS[afterRequests(phase, said)]).toBe(DRIVERS[phase]);
        expect(flushes(phase, afterRequests(phase, said))).toBe(false);
      }),
    );
  });

  it("stands from a pause until somebody says who goes on", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PHASES), requests, (phase, all) => {
        const others = all.filter((request) => request !== "handBack" && request !== "takeOver");
        expect(afterRequests(phase, ["pause", ...others])).toBe("paused");
      }),
    );
    expect(afterRequests("paused", ["takeOver"])).toBe("expert");
    expect(afterRequests("paused", ["handBack"])).toBe("policy");
  });

  it("drops a chunk wherever who drives has changed, and only there", () => {
    for (const before of PHASES) {
      for (const after of PHASES) {
        const [first, second] = [before, after].map((phase) => (phase === "alarmed" ? "policy" : phase));
        expect(flushes(before, after)).toBe(first !== second);
      }
    }
  });
});
