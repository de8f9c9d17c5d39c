/** A supervisor that follows a script, a gate whose readings can be worked out, and the loop of one episode in plain words. */
import fc from "fast-check";
import { foldIn, randomStream } from "../../src/base/index.ts";
import { createWatch, type Gate, type Request, type Supervisor } from "../../src/rollouts/index.ts";
import { actorKey, type BatchActor, type Observation, type World } from "../../src/world/index.ts";
import { labelOf } from "./line.ts";

/** What is requested before each step, counted in questions: a paused world is asked again without going on. */
export type Script = readonly (readonly Request[])[];

export const scripts = fc.array(fc.array(fc.constantFrom<Request>("takeOver", "handBack", "pause"), { maxLength: 2 }), {
  maxLength: 16,
});

export interface ScriptedOptions {
  /** Where it says what it would do: at every step, or where it drives. */
  labels: "always" | "driving";
  /** Added to the label where it drives. */
  disturbance?: number;
  /** Whether it answers at once. */
  later?: boolean;
}

/** The script of an episode by its seed. */
export function scripted(
  scriptOf: (seed: number) => Script,
  { labels, disturbance, later = false }: ScriptedOptions,
): Supervisor {
  let [script, asked]: [Script, number] = [[], 0];
  const soon = <T>(value: T) => (later ? new Promise<T>((resolve) => setTimeout(() => resolve(value))) : value);
  return {
    name: "scripted",
    reset(seed) {
      [script, asked] = [scriptOf(seed), 0];
    },
    requests: () => soon(script[asked++] ?? (asked > script.length ? ["handBack"] : [])),
    answer({ phase, observation }, isAsked) {
      if (labels === "driving" && phase !== "expert" && !isAsked) return soon(null);
      const label = labelOf(observation);
      return soon(disturbance === undefined ? { label } : { label, action: label.map((value) => value + disturbance) });
    },
  };
}

/** `doubt` by the number of the step, `age` by the chunk's, `draw` by chance, `apart` by the expert, where that was asked. */
export function countingGate(gate: Omit<Gate, "score"> & Partial<Pick<Gate["score"], "asksExpert">>): Gate {
  return {
    ...gate,
    score: {
      name: "counting",
      readings: ["doubt", "age", "draw", "apart"],
      asksExpert: gate.asksExpert ?? "never",
      start() {},
      read: ({ steps, places, keys, expert, chunks }) =>
        Float32Array.from(
          keys.flatMap((key, row) => [
            doubtAt(steps[row]),
            places[row],
            randomStream(key).uniform(),
            expert ? expert[2 * row] - chunks[(row * chunks.length) / keys.length] : Number.NaN,
          ]),
        ),
    },
  };
}

const doubtAt = (step: number) => (step * 7) % 10;

export interface PlainRow {
  action: number[];
  proposed: number[] | null;
  label: number[] | null;
  controller: "policy" | "expert";
  chunkPlace: number;
  gate: Record<string, number>;
}

export interface PlainOptions extends ScriptedOptions {
  world: World;
  planner: BatchActor;
  seed: number;
  script: Script;
  gate?: Gate;
}

/** One episode, everything looked up anew in every step. */
export async function plainly(options: PlainOptions): Promise<PlainRow[]> {
  const { world, planner, seed, script, gate, labels, disturbance = 0 } = options;
  const { observationHorizon: To, actionHorizon: Ta } = planner.horizons;
  const watch = gate && createWatch(gate.rule);
  const seen: Observation[] = [world.reset(seed).observation];
  const rows: PlainRow[] = [];
  let phase: "policy" | "expert" | "paused" = "policy";
  let plan: { at: number; chunk: number[] } | null = null;
  let late: Record<string, number> | null = null;
  let alarmed = false;

  for (let question = 0; ; question++) {
    const now = rows.length;
    const key = foldIn(actorKey(seed), now);
    const planNow = async () => {
      const history = Array.from({ length: To }, (_, i) => seen[Math.max(0, now - To + 1 + i)]);
      const packed = history.flatMap(({ position, clock }) => [...position, ...clock]);
      plan = { at: now, chunk: [...(await planner.plan(Float32Array.from(packed), [key]))] };
    };
    const isUsedUp = () => plan === null || now - plan.at >= Ta;
    const saysNow = () => plan?.chunk.slice(2 * (To - 1 + now - plan.at), 2 * (To + now - plan.at)) ?? null;
    const readNow = () => {
      if (!gate || !plan || (gate.reads !== "step" && plan.at !== now)) return null;
      const asks = gate.score.asksExpert;
      const isAsked = asks === "always" || (asks === "driving" && phase === "expert");
      wasAsked ||= isAsked;
      return {
        doubt: doubtAt(now),
        age: now - plan.at,
        draw: randomStream(foldIn(key, 2 ** 31)).uniform(),
        ...(isAsked && { apart: Math.fround(labelOf(seen[now])[0] - plan.chunk[0]) }),
        ...Object.fromEntries(
          Object.entries(gate.rule.thresholds).map(([name, value]) => [`${name}.threshold`, value]),
        ),
      };
    };
    let wasAsked = false;
    let proposed: number[] | null = null;
    let reading: Record<string, number> | null = null;
    if (phase !== "paused") {
      if (isUsedUp() && (gate || phase === "policy")) await planNow();
      proposed = saysNow();
      reading = readNow();
      if (watch) alarmed = watch.watch(reading ?? late);
      late = null;
    }
    const before: string = phase;
    for (const request of script[question] ?? ["handBack"]) {
      if (request === "takeOver") phase = "expert";
      if (request === "handBack") phase = "policy";
      if (request === "pause") phase = "paused";
    }
    if (phase !== before) plan = null;
    if (phase === "policy" && isUsedUp()) {
      await planNow();
      proposed = saysNow();
      if (reading === null) late = reading = readNow();
    }
    if (phase === "paused") continue;
    const said = labels === "always" || phase === "expert" || wasAsked ? [...labelOf(seen[now])] : null;
    const driven = phase === "expert" ? (said as number[]).map((value) => Math.fround(value + disturbance)) : proposed;
    const action = (driven as number[]).map(clamped);
    rows.push({
      action,
      proposed: proposed?.map(clamped) ?? null,
      label: said,
      controller: phase,
      chunkPlace: phase === "policy" ? now - (plan as { at: number } | null)!.at : 0,
      gate: { ...reading, ...(gate && { alarm: alarmed ? 1 : 0 }) },
    });
    const { observation, terminated, truncated } = world.step(Float32Array.from(action));
    seen.push(observation);
    if (terminated || truncated) return rows;
  }
}

const clamped = (value: number) => Math.min(5, Math.max(-5, value));
