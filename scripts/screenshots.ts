/**
 * Takes pictures of every page of the studio, at desktop and phone width, in both themes:
 *
 *     npx tsx scripts/screenshots.ts FOLDER [--data STUDIO-DATA] [--only PAGE]
 *
 * The server is the built one (`npm run build`), the browser a real one. Without `--data` the studio begins empty, and the
 * first policy is waited for.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { isMain, REPOSITORY } from "./house.ts";
import { findBrowser } from "./prepare-browser.ts";

const WIDTHS = {
  desk: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
} as const satisfies Record<string, BrowserContextOptions>;
const THEMES = ["light", "dark"] as const;

/** s that a first policy may take to be trained on a busy machine. */
const PATIENCE = 600;

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** What is done before each picture, by the picture's name. */
const SCENES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async start(page) {
    await choose(page, "driving");
    await go(page, "learn");
    await go(page, "drive");
    await page.getByRole("button", { name: "Begin" }).waitFor();
  },
  async demonstrate(page) {
    await page.getByRole("button", { name: "Begin" }).click();
    await wait(2.6);
  },
  async watch(page) {
    await page.getByRole("button", { name: "Watch and take over" }).click();
    await page.getByRole("button", { name: "Let it drive" }).click();
    await wait(4);
  },
  async "take-over"(page) {
    await page.keyboard.down("ArrowRight");
    await wait(0.35);
    await page.keyboard.up("ArrowRight");
  },
  async above(page) {
    await page.keyboard.press("KeyH");
    await page.keyboard.press("KeyV");
    await wait(1.5);
  },
  async "push-t"(page) {
    await page.keyboard.press("KeyV");
    await choose(page, "push-t");
    await go(page, "learn");
    await go(page, "drive");
    await page.getByRole("button", { name: "Begin" }).click();
    const { x, y, width, height } = (await page.locator("canvas").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(x + width * 0.7, y + height * 0.7);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.35, y + height * 0.55, { steps: 12 });
    await wait(1.5);
    await page.mouse.up();
  },
  fleet: (page) => fleet(page, 4),
  "fleet-nine": (page) => fleet(page, 9),
  async episodes(page) {
    await choose(page, "driving");
    await go(page, "episodes");
    await wait(2);
  },
  async policies(page) {
    await go(page, "policies");
    await wait(2);
  },
  async learn(page) {
    await go(page, "learn");
    await wait(1);
  },
};

async function go(page: Page, route: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${route}`);
}

async function choose(page: Page, task: string): Promise<void> {
  await page.getByLabel("Task", { exact: true }).selectOption(task);
}

async function fleet(page: Page, count: 4 | 9): Promise<void> {
  await choose(page, "driving");
  await go(page, "fleet");
  await page.getByRole("button", { name: `${count} worlds` }).click();
  await page.getByRole("button", { name: "Let them drive" }).click();
  await wait(5);
}

/** Starts the built studio; answers its address, and what ends it. */
async function startStudio(data: string): Promise<{ address: string; end: () => Promise<void> }> {
  const bin = join(REPOSITORY, "dist", "cli", "bin.js");
  const child = spawn(process.execPath, [bin, "studio", "--port", "0", "--data", data, "--open", "no", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for await (const line of createInterface(child.stdout)) {
    const { addresses } = JSON.parse(line) as { addresses: string[] };
    return {
      address: addresses[0],
      async end() {
        child.kill("SIGINT");
        await ended;
      },
    };
  }
  throw new Error("the studio ended before it said where it is: is it built (npm run build)?");
}

/** Until a policy of the task of driving is there. */
async function awaitPolicy(page: Page): Promise<void> {
  for (let second = 0; second < PATIENCE; second += 2) {
    const count = await page.evaluate(async () => (await (await fetch("/api/tasks/driving/policies")).json()).length);
    if (count > 0) return;
    await wait(2);
  }
  throw new Error(`no policy of driving after ${PATIENCE} s`);
}

async function takePictures(folder: string, data: string, only: string | undefined): Promise<void> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chrome or Chromium: run `npx tsx scripts/prepare-browser.ts`");
  mkdirSync(folder, { recursive: true });
  const { address, end } = await startStudio(data);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--enable-unsafe-swiftshader"] });
  try {
    for (const [width, options] of Object.entries(WIDTHS)) {
      for (const colorScheme of THEMES) {
        const context = await browser.newContext({ ...options, colorScheme });
        const page = await context.newPage();
        page.on("pageerror", (error) => console.error(`${width} ${colorScheme}: ${error.message}`));
        await page.goto(address);
        await awaitPolicy(page);
        for (const [name, prepare] of Object.entries(SCENES)) {
          if (only && only !== name) continue;
          await prepare(page);
          await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
          console.error(`${name}-${width}-${colorScheme}.png`);
        }
        await context.close();
      }
    }
  } finally {
    await browser.close();
    await end();
  }
}

if (isMain(import.meta.url)) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { data: { type: "string" }, only: { type: "string" } },
  });
  const [folder = "screenshots"] = positionals;
  const own = values.data ? null : mkdtempSync(join(tmpdir(), "apprentice-screenshots-"));
  try {
    await takePictures(folder, values.data ?? (own as string), values.only);
  } finally {
    if (own) rmSync(own, { recursive: true, force: true });
  }
}
