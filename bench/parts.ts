/** Benches that are measured in parts, some rows each, with how busy the machine was before and after each of them. */
import { cpus, loadavg } from "node:os";
import type { Row } from "./rollouts/row.ts";

export const machine = (): string => `${cpus().length} x ${cpus()[0].model}, node ${process.version}`;

/** Processes that waited for a core in the last minute. */
export const load = (): number => Number(loadavg()[0].toFixed(1));

type Parts<Setting> = Readonly<Record<string, (setting: Setting) => Promise<Row[]>>>;

/** The parts that `--rows` names, in its order; all where it is left out. Ends the process where there is none of a name. */
export function chosenParts<Setting>(parts: Parts<Setting>, rows?: string): Parts<Setting> {
  const names = rows?.split(",") ?? Object.keys(parts);
  const unknown = names.find((name) => !(name in parts));
  if (unknown !== undefined) {
    console.error(`--rows: "${unknown}" is none of ${Object.keys(parts).join()}`);
    process.exit(2);
  }
  return Object.fromEntries(names.map((name) => [name, parts[name]]));
}

/** Measures one part after another, and says each row as `line` has it. */
export async function measureParts<Setting>(
  parts: Parts<Setting>,
  setting: Setting,
  { say, line }: { say: (text: string) => void; line: (row: Row) => string },
): Promise<{ rows: Row[]; loads: number[] }> {
  const loads = [load()];
  const rows: Row[] = [];
  for (const measure of Object.values(parts)) {
    for (const row of await measure(setting)) {
      say(line(row));
      rows.push(row);
    }
    loads.push(load());
  }
  say(`load before and after each part: ${loads.join(", ")}`);
  return { rows, loads };
}
