/** Whether a step is missed where a policy takes another's place in the midst of an episode. */

import { median } from "../engine/timing.ts";
import { type Row, row } from "../rollouts/row.ts";
import { missedIn, type StudioBench, TASK } from "./bench.ts";
import { askTraining, letDrive, openToWatch } from "./control.ts";

/** Steps around a swap that are looked at. */
const AROUND = 5;

export async function swapRows(bench: StudioBench): Promise<Row[]> {
  const studio = await openToWatch(bench);
  const { page } = studio;
  const count = bench.quick ? 2 : 8;
  const now = page.getByRole("button", { name: "Now", exact: true });
  for (let i = 0; i < count; i++) {
    await askTraining(page, TASK, "l2", 30);
    await now.waitFor({ timeout: 300_000 });
    await letDrive(studio, 5);
    // Where the episode ends before it is pressed the policy is swapped in by itself, which is no swap in the midst of one.
    await now.click({ timeout: 2000 }).catch(() => {});
    await now.waitFor({ state: "detached", timeout: 60_000 });
    await page.waitForTimeout(1000);
  }
  const shown = (await studio.shown()).filter(({ step }) => step > 0);
  const swaps = shown.flatMap((one, i) => {
    const before = shown[i - 1];
    return before?.episode === one.episode && before.policyVersion !== one.policyVersion ? [i] : [];
  });
  const periods = swaps.map((at) =>
    shown
      .slice(Math.max(0, at - AROUND), at + AROUND)
      .flatMap((one, i, those) => (i > 0 && those[i - 1].episode === one.episode ? [one.at - those[i - 1].at] : [])),
  );
  const missed = missedIn(periods.flat());
  await page.context().close();
  const note = `${swaps.length} swaps, ${AROUND} steps before and after each`;
  return [
    row("studio, periods missed around a swap of policies", missed, { less: true, aim: 0, note }),
    row("studio, longest period around a swap, median, ms", median(periods.map((those) => Math.max(...those))), {
      less: true,
      note,
    }),
  ];
}
