/** Plain text tables for a terminal: the first column to the left, the others to the right. */

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join("   ")
      .trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("───"), ...rows.map(line)].join("\n");
}
