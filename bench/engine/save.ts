/** The committed results: `results.json`, the plot, and the tables of docs/performance.md between their marks. */
import { execSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { Result } from "./engine.ts";
import type { Growth } from "./growth.ts";
import { growthPlot } from "./plot.ts";
import { rows } from "./rows.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Saved {
  readonly command: string;
  readonly commit: string;
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Result[];
  readonly growth: readonly Growth[];
}

/** Writes what was measured; a row that was not measured this time stays as it was. */
export function save(measured: { rows: readonly Result[]; growth: readonly Growth[] }, torch: string): void {
  const file = `${root}bench/engine/results.json`;
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json");
  const before = (() => {
    try {
      return JSON.parse(readFileSync(file, "utf8")) as Saved;
    } catch {
      return null;
    }
  })();
  const known = (before?.rows ?? []).filter(
    (old) => !measured.rows.some(({ name, threads }) => name === old.name && threads === old.threads),
  );
  const place = ({ name, threads }: Result) => 100 * threads + rows.findIndex((row) => row.name === name);
  const saved: Saved = {
    command: `npm run bench -- engine ${process.argv.slice(3).join(" ")}`,
    commit: execSync("git rev-parse --short HEAD", { cwd: root, encoding: "utf8" }).trim(),
    date: new Date().toISOString().slice(0, 16),
    machine: `${cpus()[0].model.trim()}, ${cpus().length} cores`,
    versions: { node: process.versions.node, "onnxruntime-node": version, torch },
    rows: [...known, ...measured.rows].sort((a, b) => place(a) - place(b)),
    growth: measured.growth.length > 0 ? measured.growth : (before?.growth ?? []),
  };
  writeFileSync(file, `${JSON.stringify(saved, null, 1)}\n`);
  render(saved);
}

/** Plot and tables of saved results. */
function render(saved: Saved): void {
  if (saved.growth.length > 0) {
    const title = "MLP 14-w-w-7, one update, one thread";
    writeFileSync(`${root}docs/engine-growth.svg`, growthPlot(saved.growth, title));
  }
  const page = `${root}docs/performance.md`;
  let text = readFileSync(page, "utf8");
  for (const [name, content] of Object.entries({
    run: runLine(saved),
    rows: rowTable(saved.rows),
    growth: growthTable(saved.growth),
  })) {
    const [from, to] = [`<!-- ${name} -->`, `<!-- end ${name} -->`];
    text = `${text.slice(0, text.indexOf(from) + from.length)}\n${content}\n${text.slice(text.indexOf(to))}`;
  }
  writeFileSync(page, text);
}

function runLine({ command, commit, date, machine, versions }: Saved): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `\`${command}\`, ${date} UTC, commit ${commit}; ${machine}; ${named.join(", ")}.`;
}

const table = (head: readonly string[], lines: readonly (readonly string[])[]) =>
  [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...lines]
    .map((line) => `| ${line.join(" | ")} |`)
    .join("\n");

function rowTable(rows: readonly Result[]): string {
  const pair = (both: { ours: number; theirs: number | null } | null) =>
    both ? `${both.ours} / ${both.theirs ?? "–"}` : "";
  const head = [
    "row",
    "threads",
    "ours, ms",
    "PyTorch, ms",
    "ratio",
    "aim",
    "best of each",
    "p99 of each",
    "bound",
    "alone, ms",
    "share of ours",
  ];
  return table(
    head,
    rows.map(({ name, threads, ours, theirs, ratio, aim, best, p99, bound, boundMs, ofBound }) => [
      name,
      String(threads),
      String(ours),
      String(theirs ?? "–"),
      ratio === null
        ? "–"
        : `${aim !== null && ratio >= aim ? "**" : ""}${ratio.toFixed(2)}${aim !== null && ratio >= aim ? "**" : ""}`,
      String(aim ?? ""),
      pair(best),
      pair(p99),
      bound ?? "",
      String(boundMs ?? ""),
      ofBound === undefined ? "" : `${Math.round(100 * ofBound)} %`,
    ]),
  );
}

function growthTable(growth: readonly Growth[]): string {
  return table(
    ["batch", "width", "parameters", "ours, ms", "in graph, ms", "by kernel, ms", "PyTorch, ms", "ratio"],
    growth.map(({ batch, width, parameters, ours, inGraph, kernel, theirs, ratio }) =>
      [batch, width, parameters, ours, inGraph, kernel, theirs ?? "–", ratio?.toFixed(2) ?? "–"].map(String),
    ),
  );
}
