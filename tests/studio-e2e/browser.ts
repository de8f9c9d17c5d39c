/**
 * Pages of the studio in a real Chromium. What the tests do, they do by keys and mouse. What they see is what a person sees,
 * and beside it what the session tells the page (`Witness`), which is listened to and never touched.
 */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../scripts/prepare-browser.ts";
import type { FromSession, LaneView } from "../../studio/src/session/messages.ts";

type Tick = Extract<FromSession, { kind: "tick" }>;

/** Software in place of a graphics card, so that machines without one draw too. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chrome or Chromium: run `npx tsx scripts/prepare-browser.ts`");
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** A step as the page showed it. */
export interface Shown {
  readonly episode: string;
  readonly step: number;
  readonly phase: string;
  readonly controller: LaneView["controller"];
  readonly action: readonly number[] | null;
  readonly policyVersion: string | null;
  readonly snapshot: LaneView["snapshot"];
  readonly rewinding: boolean;
  /** ms since 1970: when the step began in the worker, and when the page heard of it. */
  readonly at: number;
  readonly heard: number;
  readonly late: number;
}

export interface Press {
  readonly code: string;
  readonly isDown: boolean;
  /** ms since 1970: when the browser had it, before any script of the page heard of it. */
  readonly at: number;
}

interface Witnessed {
  tick: Tick | null;
  /** The next tick after so many, or the last where none comes for a second. */
  after(count: number): Promise<{ tick: Tick | null; count: number }>;
  shown: Shown[];
  presses: Press[];
  told: FromSession[];
}

/** Runs in the page, before its own scripts: listens to the session's worker and to the keys. */
function witness(): void {
  let waiting: (() => void)[] = [];
  const seen: Witnessed = {
    ...{ tick: null, shown: [], presses: [], told: [] },
    after: (count) =>
      new Promise((resolve) => {
        const end = () => resolve({ tick: seen.tick, count: seen.shown.length });
        if (seen.shown.length > count) return end();
        waiting.push(end);
        setTimeout(end, 1000);
      }),
  };
  Object.assign(globalThis, { witnessed: seen });
  const now = () => performance.timeOrigin + performance.now();
  const note = (tick: Tick) => {
    const { focus, rewinding, at, late } = tick;
    const { episode, step, phase, controller, action, policyVersion, snapshot } = tick.lanes[focus];
    seen.tick = tick;
    seen.shown.push({
      ...{ episode, step, phase, controller, action, policyVersion, snapshot },
      ...{ rewinding, at, late, heard: now() },
    });
    for (const wake of waiting) wake();
    waiting = [];
  };
  const Native = globalThis.Worker;
  globalThis.Worker = class extends Native {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      if (options?.name !== "session") return;
      this.addEventListener("message", ({ data }: MessageEvent<FromSession>) => {
        if (data.kind === "tick") note(data);
        else if (data.kind !== "fan") seen.told.push(data);
      });
    }
  };
  for (const kind of ["keydown", "keyup"] as const) {
    const press = ({ code, repeat, timeStamp }: KeyboardEvent) => {
      if (!repeat) seen.presses.push({ code, isDown: kind === "keydown", at: performance.timeOrigin + timeStamp });
    };
    addEventListener(kind, press, { capture: true });
  }
}

/** A page of the studio, and what there is to be seen of it. */
export interface Studio {
  readonly page: Page;
  /** Lines of the console that are errors, and errors that nobody caught. */
  readonly faults: string[];
  /** What the session told last; null before it has. */
  lane(): Promise<LaneView | null>;
  /** Ticks from now on, the newest each time: what came while nobody looked is passed over. */
  ticks(): AsyncGenerator<Tick, never>;
  shown(): Promise<readonly Shown[]>;
  presses(): Promise<readonly Press[]>;
  told(): Promise<readonly FromSession[]>;
}

export async function openStudioPage(context: BrowserContext, address: string): Promise<Studio> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  // Tools that run this file may name functions by a helper of theirs.
  await page.addInitScript(`{ const __name = (named) => named; (${witness})(); }`);
  await page.goto(address);
  // Made from a string so that the test runner does not rewrite it.
  const ask = <T>(what: string): Promise<T> => page.evaluate(`globalThis.witnessed?.${what} ?? null`) as Promise<T>;
  return {
    page,
    faults,
    async lane() {
      const tick = await ask<Tick | null>("tick");
      return tick?.lanes[tick.focus] ?? null;
    },
    async *ticks() {
      for (let seen = 0; ; ) {
        const { tick, count } = await ask<{ tick: Tick | null; count: number }>(`after(${seen})`);
        seen = count;
        if (tick) yield tick;
      }
    },
    shown: async () => (await ask<Shown[] | null>("shown")) ?? [],
    presses: async () => (await ask<Press[] | null>("presses")) ?? [],
    told: async () => (await ask<FromSession[] | null>("told")) ?? [],
  };
}
