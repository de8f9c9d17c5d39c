/** Experiments as cells: each is finished by itself and on disk at once, so that a stopped experiment goes on where it was. */
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, type Rate, wilson } from "../base/index.ts";
import { writeFileAtomic } from "../runs/node.ts";
import { runJobs } from "../workers/index.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [field: string]: Json };

/** One line of a result: of which cell, which method, and what was measured. */
export interface ResultRow {
  readonly cell: string;
  readonly [field: string]: Json;
}

/** What an experiment commits: `experiments/NAME/result.json`. */
export interface ExperimentResult {
  /** What repeats it. */
  readonly command: string;
  /** Of the repository when the last cells were begun, which is the code that ran them; null outside one. */
  readonly commit: string | null;
  readonly rows: readonly ResultRow[];
}

export interface CellsRequest<Cell> {
  /** Folder of result.json. */
  readonly out: string;
  readonly command: string;
  /** All of them, by name, in the order of the result. */
  readonly cells: ReadonlyMap<string, Cell>;
  /** The module whose export `work` runs a cell and returns its rows (src/workers). */
  readonly module: string;
  readonly workers: number;
  /** Cells whose name contains this; default: all. */
  readonly only?: string;
  /** Whether cells that are finished are run again. */
  readonly fresh?: boolean;
  readonly onNote?: (line: string) => void;
  readonly onProgress?: (cells: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export const RESULT_FILE = "result.json";

/** A rate as a row holds it. */
export const rateOf = ({ rate, low, high, n }: Rate) => ({ rate, low, high, n });

/** A rate over all parts together, with the Wilson interval of their sum. */
export function pooledRate(rates: readonly Rate[]): Rate {
  const n = rates.reduce((sum, rate) => sum + rate.n, 0);
  return wilson(Math.round(rates.reduce((sum, { rate, n: own }) => sum + rate * own, 0)), n);
}

/** What a cell returns: its rows without its name. */
export type CellRows = readonly { readonly [field: string]: Json }[];

/**
 * Runs what is missing and returns the whole result, which is on disk anew after each cell. Stopped or killed at any moment, it goes
 * on with the cells that are not finished; with `fresh` the old rows of a cell stay until it is. Throws an InputError for
 * a result.json that is none, and where `only` is in no name.
 */
export async function runCells<Cell>(request: CellsRequest<Cell>): Promise<ExperimentResult> {
  const { out, command, cells, module, workers, only = "", fresh = false, onNote, signal } = request;
  const path = join(out, RESULT_FILE);
  const named = [...cells.keys()].filter((name) => name.includes(only));
  if (cells.size > 0 && named.length === 0) {
    const [first] = cells.keys();
    throw new InputError(`found no cell with "${only}" in its name, expected a part of one, as ${first}`);
  }
  const finished = new Map<string, readonly ResultRow[]>();
  const dropped = new Set<string>();
  const before = await readResult(path);
  for (const row of before.rows) {
    if (!cells.has(row.cell)) {
      dropped.add(row.cell);
      continue;
    }
    finished.set(row.cell, [...(finished.get(row.cell) ?? []), row]);
  }
  const wanted = [...cells].filter(([name]) => named.includes(name) && (fresh || !finished.has(name)));
  if (finished.size > 0) onNote?.(`${finished.size} of ${cells.size} cells are finished, ${wanted.length} to run`);
  if (dropped.size > 0) onNote?.(`cells that are none of the experiment any more: ${dropped.size}, left out`);
  const commit = wanted.length > 0 ? commitOf() : before.commit;
  const result = (): ExperimentResult => ({
    command,
    commit,
    rows: [...cells.keys()].flatMap((name) => finished.get(name) ?? []),
  });
  const write = () => writeFileAtomic(path, `${JSON.stringify(result(), null, 1)}\n`);
  await runJobs<Cell, unknown>({
    module,
    exportName: "work",
    jobs: wanted.map(([, cell]) => cell),
    workers: Math.min(workers, Math.max(1, wanted.length)),
    nameOf: (_, index) => wanted[index][0],
    async finish(rows: CellRows, index) {
      const [name] = wanted[index];
      finished.set(
        name,
        rows.map((row) => ({ cell: name, ...row })),
      );
      await write();
      onNote?.(`${name}: finished`);
    },
    onProgress: request.onProgress,
    signal,
  });
  if (dropped.size > 0 && wanted.length === 0) await write();
  return result();
}

/** Runs what is missing and writes report.html beside the result. Throws as `runCells`. */
export async function runReported<Cell>(
  request: CellsRequest<Cell>,
  drawReport: (rows: readonly ResultRow[]) => string | Promise<string>,
): Promise<ExperimentResult & { readonly report: string }> {
  const result = await runCells(request);
  const report = join(request.out, "report.html");
  await writeFileAtomic(report, await drawReport(result.rows));
  return { ...result, report };
}

async function readResult(path: string): Promise<Pick<ExperimentResult, "commit" | "rows">> {
  const text = await readFile(path, "utf8").catch(({ code }: NodeJS.ErrnoException) => {
    if (code === "ENOENT") return null;
    throw new InputError(`${path}: cannot be read (${code})`);
  });
  if (text === null) return { commit: null, rows: [] };
  try {
    const { rows, commit = null } = JSON.parse(text) as Partial<ExperimentResult>;
    if (Array.isArray(rows) && rows.every(({ cell }) => typeof cell === "string")) return { commit, rows };
  } catch {}
  throw new InputError(`${path}: found no rows of cells, expected the result of an experiment`);
}

function commitOf(): string | null {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return null;
  }
}
