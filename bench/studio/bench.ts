/** What is measured, and how thoroughly. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import type { Program } from "../../tests/studio-e2e/program.ts";

export const TASK = "driving";
/** From one control step of the task to the next, ms. */
export const PERIOD = 50;
export const WINDOW: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };

/** Control steps that did not come, given the times between those that came. */
export const missedIn = (periods: readonly number[]): number =>
  periods.reduce((sum, period) => sum + Math.max(0, Math.round(period / PERIOD) - 1), 0);

export interface StudioBench {
  readonly browser: Browser;
  readonly program: Program;
  readonly quick: boolean;
}
