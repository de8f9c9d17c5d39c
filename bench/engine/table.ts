/** Results as lines of a table for people. */
import type { Result } from "./engine.ts";

const columns = ["row", "threads", "ours ms", "theirs ms", "ratio", "aim", "best", "p99", "bound", "of it"] as const;
const widths = [22, 7, 9, 9, 6, 5, 19, 17, 32, 6];

const cells = (values: readonly string[]) =>
  values.map((value, index) => (index === 0 ? value.padEnd(widths[0]) : value.padStart(widths[index]))).join(" ");

export const header = cells(columns);

const pair = (both: { ours: number; theirs: number | null } | null) =>
  both ? `${both.ours} / ${both.theirs ?? "-"}` : "-";

export function line(result: Result): string {
  const { name, threads, ours, theirs, ratio, aim, best, p99, bound, boundMs, ofBound } = result;
  return cells([
    name,
    String(threads),
    String(ours),
    String(theirs ?? "-"),
    ratio?.toFixed(2) ?? "-",
    String(aim ?? "-"),
    pair(best),
    pair(p99),
    bound ? `${bound} ${boundMs}` : "-",
    ofBound?.toFixed(2) ?? "-",
  ]);
}
