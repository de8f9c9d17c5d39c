/** From a key to the expert in control, how evenly control steps come, and pictures per second. */
import type { Browser, Page } from "playwright-core";
import type { ClientMessage, JobState } from "../../src/browser.ts";
import { openStudioPage, type Shown, type Studio } from "../../tests/studio-e2e/browser.ts";
import { median, pause, quantile } from "../engine/timing.ts";
import { type Row, row } from "../rollouts/row.ts";
import { missedIn, PERIOD, type StudioBench, TASK, WINDOW } from "./bench.ts";

/** Opens the page to watch the newest policy; with `drawing` off nothing is ever drawn, and the HUD stands too. */
export async function openToWatch({ browser, program }: StudioBench, drawing = true): Promise<Studio> {
  const context = await browser.newContext(WINDOW);
  if (!drawing) await context.addInitScript("globalThis.requestAnimationFrame = () => 0;");
  const studio = await openStudioPage(context, program.address);
  await studio.page.getByRole("button", { name: "Watch and take over" }).click();
  for await (const { lanes, focus } of studio.ticks()) if (lanes[focus].policyVersion) break;
  return studio;
}

/** The policy drives, whatever became of the episode before. */
export async function letDrive({ page, ticks }: Studio, steps = 2): Promise<void> {
  for await (const { lanes, focus } of ticks()) {
    const { phase, ended, step } = lanes[focus];
    if (phase === "policy" && !ended && step >= steps) return;
    if (phase === "expert" || (phase === "paused" && !ended)) await page.keyboard.press("KeyH");
  }
}

interface Taking {
  /** From the key to the beginning of the first step that the expert drives. */
  readonly ms: number;
  /** Steps that the policy drove in between: 0 is the first step that begins after the key. */
  readonly steps: number;
}

/** Presses a steering key at moments that nobody chose, so many times. */
async function takeOver(studio: Studio, count: number): Promise<Taking[]> {
  const { page } = studio;
  for (let i = 0; i < count; ) {
    await letDrive(studio);
    await pause(50 + Math.random() * 150);
    await page.keyboard.press("ArrowLeft");
    await pause(250);
    if ((await studio.lane())?.phase === "expert") i += 1;
  }
  const [shown, presses] = [await studio.shown(), await studio.presses()];
  return presses.filter(({ code, isDown }) => code === "ArrowLeft" && isDown).flatMap(({ at }) => takingOf(shown, at));
}

function takingOf(shown: readonly Shown[], at: number): Taking[] {
  const [before, since] = [shown.findLast((one) => one.at <= at), shown.filter((one) => one.at > at)];
  const first = since.findIndex(({ controller }) => controller === "expert");
  // Where the episode ended just then there was nothing to take over.
  if (before?.phase !== "policy" || first < 0 || since[first].episode !== before.episode) return [];
  return [{ ms: since[first].at - at, steps: first }];
}

interface Evenness {
  readonly late: { readonly p50: number; readonly p99: number };
  /** |period - 50 ms| of neighbouring steps. */
  readonly jitter: { readonly p50: number; readonly p99: number };
  readonly missed: number;
  readonly fps: number;
  /** How late, p99, a timer was that did nothing, in a worker of an empty page at the same time: what the machine itself adds. */
  readonly bare: number;
}

/** Lets the policy drive for some seconds. */
async function watch({ browser }: StudioBench, studio: Studio, seconds: number): Promise<Evenness> {
  await letDrive(studio);
  const bare = await startBareTimer(browser);
  const from = (await studio.shown()).length;
  const rates: number[] = [];
  for (let i = 0; i < seconds; i++) {
    await pause(1000);
    rates.push(await fpsOf(studio.page));
    await letDrive(studio, 0);
  }
  const shown = (await studio.shown()).slice(from);
  const bareLates = await bare();
  const periods = shown.flatMap((one, i) => {
    const before = shown[i - 1];
    return before && before.episode === one.episode && one.step === before.step + 1 ? [one.at - before.at] : [];
  });
  const jitters = periods.map((period) => Math.abs(period - PERIOD));
  const lates = shown.filter(({ step }) => step > 0).map(({ late }) => late);
  return {
    late: { p50: median(lates), p99: quantile(lates, 0.99) },
    jitter: { p50: median(jitters), p99: quantile(jitters, 0.99) },
    missed: missedIn(periods),
    fps: median(rates.filter((rate) => rate > 0)),
    bare: quantile(bareLates, 0.99),
  };
}

/** A worker of an empty page that does nothing every 50 ms. Answers how late it was, ms, and ends it. */
async function startBareTimer(browser: Browser): Promise<() => Promise<number[]>> {
  const page = await browser.newPage();
  await page.goto("data:text/html,<title>timer</title>");
  await page.evaluate((period) => {
    const lates: number[] = [];
    const code = `let due = performance.now() + ${period};
      const ring = () => {
        const late = Math.max(0, performance.now() - due);
        postMessage(late);
        due += ${period} * (1 + Math.floor(late / ${period}));
        setTimeout(ring, due - performance.now());
      };
      setTimeout(ring, ${period});`;
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`);
    worker.onmessage = ({ data }) => lates.push(data);
    Object.assign(globalThis, { lates });
  }, PERIOD);
  return async () => {
    const lates = (await page.evaluate("globalThis.lates")) as number[];
    await page.close();
    return lates;
  };
}

/** As the page has it; 0 where it says nothing. */
async function fpsOf(page: Page): Promise<number> {
  const [words = ""] = await page.locator(".health").allInnerTexts();
  return Number(/(\d+) fps/.exec(words)?.[1] ?? 0);
}

/** Says something to the server as the page does, over a socket of its own. */
const say = (page: Page, ...messages: readonly ClientMessage[]): Promise<void> =>
  page.evaluate(
    (texts) =>
      new Promise<void>((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        socket.onerror = () => reject(new Error("the server does not answer"));
        socket.onopen = () => {
          for (const text of texts) socket.send(text);
          setTimeout(resolve, 500);
        };
      }),
    [{ kind: "hello", operator: "bench" }, ...messages].map((message) => JSON.stringify(message)),
  );

export const askTraining = (page: Page, task: string, head: string, updates: number): Promise<void> =>
  say(page, { kind: "train", task, head, updates });

const jobsOf = (page: Page): Promise<readonly JobState[]> =>
  page.evaluate(async () => (await (await fetch("/api/studio")).json()).jobs);

async function stopTraining(page: Page): Promise<void> {
  const training = (await jobsOf(page)).filter(({ state }) => state === "training");
  await say(page, ...training.map(({ id }) => ({ kind: "stop" as const, job: id })));
}

/** Whether a job trains or judges now. */
const isTraining = async (page: Page): Promise<boolean> =>
  (await jobsOf(page)).some(({ state }) => ["waiting", "collecting", "training", "judging"].includes(state));

const untilIdle = async (page: Page): Promise<void> => {
  while (await isTraining(page)) await pause(500);
};

function evennessRows(
  name: string,
  { late, jitter, missed, fps, bare }: Evenness,
  note: string,
  aim: number | null,
): Row[] {
  return [
    row(`studio, control step late, p50, ${name}, ms`, late.p50, { less: true, note }),
    row(`studio, control step late, p99, ${name}, ms`, late.p99, { less: true, aim, note }),
    row(`studio, control period off 50 ms, p50, ${name}, ms`, jitter.p50, { less: true, note }),
    row(`studio, control period off 50 ms, p99, ${name}, ms`, jitter.p99, { less: true, aim, note }),
    row(`studio, bare timer beside it late, p99, ${name}, ms`, bare, { less: true, note }),
    row(`studio, periods missed, ${name}`, missed, { less: true, note }),
    ...(fps > 0 ? [row(`studio, pictures per second, ${name}`, fps, { note })] : []),
  ];
}

export async function controlRows(bench: StudioBench): Promise<Row[]> {
  const seconds = bench.quick ? 10 : 60;
  const note = `${seconds} s`;
  const drawn = await openToWatch(bench);
  await untilIdle(drawn.page);
  const takings = await takeOver(drawn, bench.quick ? 15 : 120);
  const presses = `${takings.length} presses`;
  const [times, steps] = [takings.map(({ ms }) => ms), takings.map((one) => one.steps)];
  const inNext = steps.filter((count) => count === 0).length / steps.length;
  const said = { less: true, note: presses };
  const rows = [
    row("studio, key to the expert in control, p50, ms", median(times), said),
    row("studio, key to the expert in control, p99, ms", quantile(times, 0.99), said),
    row("studio, keys heeded in the next control step, share", inNext, { note: presses }),
    row("studio, policy's steps between, at most", Math.max(...steps), { ...said, aim: 0 }),
  ];
  rows.push(...evennessRows("drawing, idle", await watch(bench, drawn, seconds), note, 5));
  await askTraining(drawn.page, TASK, "diffusion", 200_000);
  rows.push(...evennessRows("drawing, while a policy is trained", await watch(bench, drawn, seconds), note, 5));
  await drawn.page.context().close();
  const blind = await openToWatch(bench, false);
  rows.push(...evennessRows("not drawing, while a policy is trained", await watch(bench, blind, seconds), note, 5));
  await stopTraining(blind.page);
  await untilIdle(blind.page);
  rows.push(...evennessRows("not drawing, idle", await watch(bench, blind, seconds), note, 5));
  await blind.page.context().close();
  return rows;
}
