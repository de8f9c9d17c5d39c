/** Runs cells slowly, and says so after each, until the test that started it kills it: `cells-child.ts OUT LOG`. */
import { writeSync } from "node:fs";
import { runCells } from "../../src/experiments/cells.ts";
import type { TestCell } from "./cells-work.ts";

const [out, log] = process.argv.slice(2);
await runCells<TestCell>({
  out,
  command: "test",
  cells: new Map(
    Array.from({ length: 40 }, (_, value) => [`cell/${value}`, { value, rows: 1, log, milliseconds: 20 }]),
  ),
  module: new URL("./cells-work.ts", import.meta.url).href,
  workers: 1,
  onProgress: (cells) => writeSync(1, `${cells}\n`),
});
writeSync(1, "finished\n");
