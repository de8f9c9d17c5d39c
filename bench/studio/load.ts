/** From a cold page to the first demonstration step, and what the page weighs. */
import { openStudioPage, type Studio } from "../../tests/studio-e2e/browser.ts";
import { median } from "../engine/timing.ts";
import { type Row, row } from "../rollouts/row.ts";
import { type StudioBench, WINDOW } from "./bench.ts";
import { openProxy, type Served } from "./proxy.ts";

/** Waits until the page's session has been at it. */
async function until(studio: Studio, is: (step: number, phase: string) => boolean): Promise<void> {
  for await (const { lanes, focus } of studio.ticks()) if (is(lanes[focus].step, lanes[focus].phase)) return;
}

/** A context of its own has no cache and no cookie: all is fetched, compiled and begun. ms. */
async function loadOnce({ browser, program }: StudioBench): Promise<{ ready: number; first: number }> {
  const context = await browser.newContext(WINDOW);
  try {
    const studio = await openStudioPage(context, program.address);
    await until(studio, (_, phase) => phase === "paused");
    await studio.page.keyboard.press("ArrowUp");
    await until(studio, (step) => step > 0);
    const origin = (await studio.page.evaluate("performance.timeOrigin")) as number;
    const shown = await studio.shown();
    const first = shown.find(({ step }) => step > 0);
    if (!first) throw new Error("no step was shown");
    return { ready: shown[0].heard - origin, first: first.at - origin };
  } finally {
    await context.close();
  }
}

/** What is fetched until a demonstration can begin, and beyond that until a policy drives. */
async function weigh({ browser, program }: StudioBench): Promise<{ demonstrate: Served[]; watch: Served[] }> {
  const proxy = await openProxy(program.port);
  const context = await browser.newContext(WINDOW);
  try {
    const studio = await openStudioPage(context, program.address.replace(String(program.port), String(proxy.port)));
    await until(studio, (_, phase) => phase === "paused");
    // Drawings come after the first tick.
    await studio.page.waitForTimeout(1500);
    const demonstrate = proxy.take();
    await studio.page.getByRole("button", { name: "Watch and take over" }).click();
    await studio.page.getByText("Ready").waitFor({ timeout: 300_000 });
    return { demonstrate, watch: proxy.take() };
  } finally {
    await context.close();
    proxy.close();
  }
}

const isFile = ({ path }: Served): boolean => !path.startsWith("/api/");
const kilobytes = (served: readonly Served[], of: "bytes" | "gzipped"): number =>
  served.filter(isFile).reduce((sum, one) => sum + one[of], 0) / 1000;

export async function loadRows(bench: StudioBench): Promise<Row[]> {
  const loads: Awaited<ReturnType<typeof loadOnce>>[] = [];
  for (let i = 0; i < (bench.quick ? 2 : 9); i++) loads.push(await loadOnce(bench));
  const note = `${loads.length} cold loads, the median`;
  const { demonstrate, watch } = await weigh(bench);
  const files = `${demonstrate.filter(isFile).length} files`;
  return [
    row("studio, cold page to ready, ms", median(loads.map(({ ready }) => ready)), { less: true, note }),
    row("studio, cold page to first demonstration step, ms", median(loads.map(({ first }) => first)), {
      less: true,
      note,
    }),
    row("studio, page to demonstrate, identity, kB", kilobytes(demonstrate, "bytes"), { less: true, note: files }),
    row("studio, page to demonstrate, gzip, kB", kilobytes(demonstrate, "gzipped"), { less: true, note: files }),
    row("studio, more to watch a policy, identity, kB", kilobytes(watch, "bytes"), { less: true }),
    row("studio, more to watch a policy, gzip, kB", kilobytes(watch, "gzipped"), { less: true }),
  ];
}
