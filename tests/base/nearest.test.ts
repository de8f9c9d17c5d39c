import { expect, it } from "vitest";
import { nearestName } from "../../src/base/index.ts";

it.each([
  ["diffusoin", ["diffusion", "flow", "l2"], "diffusion"],
  // one letter to replace against two to insert
  ["flaw", ["flow", "fallow"], "flow"],
  // neighbours swapped are one edit, not two: "12" would be as near by insertions and removals alone
  ["2l", ["l2", "gmm"], "l2"],
  ["DRIVING", ["driving", "push-t"], "driving"],
  // the first of equals
  ["ac", ["ab", "ad"], "ab"],
  // more than half of it is other letters
  ["transformer", ["l2", "gmm"], null],
  ["anything", [], null],
])("%s among %j means %s", (found, names, nearest) => {
  expect(nearestName(found, names)).toBe(nearest);
});
