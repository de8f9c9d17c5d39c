/**
 * Where a row's time goes, by ONNX Runtime's own profiler: `npx tsx bench/profile.ts ROW [--threads 1] [--count 200]
 * [--nodes]`. Prints microseconds per update (or call) by operator, or by node with its shapes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { nodeRuntime, type Runtime, type tensor } from "../src/index.ts";
import { rows } from "./engine/rows.ts";
import { quantile } from "./engine/timing.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1" },
    count: { type: "string", default: "200" },
    nodes: { type: "boolean", default: false },
  },
});

/** A runtime whose sessions write a profile to `folder`. */
function profiling(folder: string, threads: number): Runtime {
  return {
    name: "profiling",
    async open(model) {
      const { inputs, outputs, metadata, close } = await nodeRuntime({ threads }).open(model);
      await close();
      const session = await InferenceSession.create(model, {
        intraOpNumThreads: threads,
        graphOptimizationLevel: "all",
        enableProfiling: true,
        profileFilePrefix: join(folder, "profile"),
      });
      const wrap = (arrays: Readonly<Record<string, tensor.TypedArray>>, ports: typeof inputs) =>
        Object.fromEntries(
          Object.keys(ports)
            .filter((name) => name in arrays)
            .map((name) => [name, new Tensor(ports[name].dtype, arrays[name] as never, [...ports[name].shape])]),
        );
      return {
        inputs,
        outputs,
        metadata,
        async run(feeds, into) {
          const given = wrap(feeds, inputs);
          const results = await (into ? session.run(given, wrap(into, outputs)) : session.run(given));
          for (const [name, array] of Object.entries(into ?? {})) array.set(results[name].data as never);
          return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as never]));
        },
        async close() {
          session.endProfiling();
          await session.release();
        },
      };
    },
  };
}

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly object[];
    readonly output_type_shape?: readonly object[];
  };
}

const row = rows.find(({ name }) => name === positionals[0]);
if (!row) throw new Error(`profile: found "${positionals[0]}", expected one of ${rows.map(({ name }) => name)}`);
const folder = mkdtempSync(join(tmpdir(), "apprentice-profile-"));
const subject = await row.open(profiling(folder, Number(values.threads)));
const count = Number(values.count);
const times = await subject.time(count);
await subject.close();
const updates = times.length * (subject.plan?.path === "in-graph" ? subject.plan.updatesPerCall : 1);

/** Microseconds of every run of the operators with one key. */
const durations = new Map<string, number[]>();
for (const file of readdirSync(folder)) {
  for (const { cat, name, dur, args } of JSON.parse(readFileSync(join(folder, file), "utf8")) as Event[]) {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
    const shapes = (list: readonly object[] = []) =>
      list.map((entry) => `[${Object.values(entry as Record<string, number[]>)[0]}]`).join(" ");
    const key = `${args?.op_name} ${shapes(args?.input_type_shape)} -> ${shapes(args?.output_type_shape)}`;
    const known = durations.get(key);
    if (known) known.push(dur);
    else durations.set(key, [dur]);
  }
}
rmSync(folder, { recursive: true });
// the lower quartile stands for every run: what the machine does when others leave it alone
const totals = new Map<string, { calls: number; micros: number }>();
for (const [key, times] of durations) {
  const name = values.nodes ? key : key.split(" ")[0];
  const { calls, micros } = totals.get(name) ?? { calls: 0, micros: 0 };
  const more = (quantile(times, 0.25) * times.length) / updates;
  totals.set(name, { calls: calls + times.length / updates, micros: micros + more });
}
const sorted = [...totals].sort(([, a], [, b]) => b.micros - a.micros);
const all = sorted.reduce((sum, [key, { micros }]) => sum + (key.startsWith("Loop") ? 0 : micros), 0);
console.log(`${row.name}: operators take ${all.toFixed(1)} us of an update or call (Loop not counted)`);
for (const [key, { calls, micros }] of sorted.slice(0, 50)) {
  const share = ((100 * micros) / all).toFixed(1).padStart(5);
  console.log(`${micros.toFixed(1).padStart(9)} us ${share} %  ${calls.toFixed(2)} x  ${key}`);
}
