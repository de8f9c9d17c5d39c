/** What is measured, and how thoroughly. */
import type { Browser } from "playwright-core";
import type { Program } from "../../tests/studio-e2e/program.ts";

export interface StudioBench {
  readonly browser: Browser;
  readonly program: Program;
  readonly quick: boolean;
}
