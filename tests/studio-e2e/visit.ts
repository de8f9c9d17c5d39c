/** What a person does at the page, in words: each by keys and mouse, and by what is to be read there. */
import { expect } from "vitest";
import type { Studio } from "./browser.ts";

/** Generous: machines that test are busy. */
export const PATIENCE = { timeout: 60_000, interval: 100 } as const;

/** Chooses in a list by the keys, and leaves the list again. */
export async function choose({ page }: Studio, name: string, value: string): Promise<void> {
  const list = page.getByRole("combobox", { name, exact: true });
  await list.focus();
  await page.keyboard.press("Home");
  for (let i = 0; (await list.inputValue()) !== value; i++) {
    if (i > 20) throw new Error(`${name}: there is no "${value}" in the list`);
    await page.keyboard.press("ArrowDown");
  }
  await page.locator("main").click({ position: { x: 2, y: 2 } });
}

/** Who is in control, as the page has it in big letters. */
const control = ({ page }: Studio) => page.locator(".control .word").innerText();

/** Waits until the page says so. */
export async function expectControl(studio: Studio, word: string): Promise<void> {
  await expect.poll(() => control(studio), PATIENCE).toBe(word);
}

/** Waits until the episode is so many steps further than now. */
export async function letRun({ lane }: Studio, steps: number): Promise<void> {
  const start = await lane();
  const at = start?.step ?? 0;
  await expect
    .poll(async () => {
      const now = await lane();
      return now !== null && (now.ended !== null || now.episode !== start?.episode || now.step >= at + steps);
    }, PATIENCE)
    .toBe(true);
}

/** Drives straight on until so many steps are recorded more, in one episode or several. */
export async function driveOn({ page, lane, shown }: Studio, steps: number): Promise<void> {
  const taken = async () => (await shown()).filter(({ step }) => step > 0).length;
  const until = (await taken()) + steps;
  await expect
    .poll(async () => {
      const now = await lane();
      if (now?.phase === "paused" && !now.ended) await page.keyboard.press("KeyT");
      return taken();
    }, PATIENCE)
    .toBeGreaterThanOrEqual(until);
}

/** Waits until the server has every step that was recorded in this browser, by what the page says. */
export async function expectAllSent({ told }: Studio): Promise<void> {
  await expect
    .poll(async () => {
      const logs = (await told()).filter((one) => one.kind === "log");
      return logs.at(-1)?.unsent;
    }, PATIENCE)
    .toBe(0);
}

/** Pauses whatever runs, and waits until it stands. */
export async function pause({ page, lane }: Studio): Promise<void> {
  await expect
    .poll(async () => {
      const now = await lane();
      if (now && now.phase !== "paused" && !now.ended) await page.keyboard.press("Space");
      return now?.phase;
    }, PATIENCE)
    .toBe("paused");
}

/** Trains on the Policies page, with few updates so that nobody waits, until the policy is there. */
export async function trainBriefly(
  studio: Studio,
  { head, updates, policy }: { head: string; updates: number; policy: string },
): Promise<void> {
  const { page } = studio;
  await page.getByRole("link", { name: "Policies" }).click();
  const field = page.getByRole("spinbutton", { name: "Updates" });
  await field.waitFor();
  await choose(studio, "Head", head);
  await field.click();
  await page.keyboard.type(String(updates));
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText(policy).first().waitFor({ timeout: PATIENCE.timeout });
}
