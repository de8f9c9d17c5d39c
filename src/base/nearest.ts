/** Which of some names was meant by one that is none of them. */

/**
 * The name with the fewest letters to insert, remove, replace or swap with their neighbour (Damerau 1964, each place edited
 * once), regardless of case; the first of equals. Null where even that changes more than half of the longer name.
 */
export function nearestName(found: string, names: Iterable<string>): string | null {
  let best: { name: string; edits: number } | null = null;
  for (const name of names) {
    const edits = editsBetween(found.toLowerCase(), name.toLowerCase());
    if (edits <= Math.max(found.length, name.length) / 2 && (!best || edits < best.edits)) best = { name, edits };
  }
  return best?.name ?? null;
}

function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2] + 1 : replaced;
      row.push(Math.min(replaced, swapped, above[j] + 1, row[j - 1] + 1));
    }
    [before, above] = [above, row];
  }
  return above[b.length];
}
