/** What other pages in the same browser can do to the studio: a real Chromium that has the cookie, and a page of another origin. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findBrowser } from "../../scripts/prepare-browser.ts";
import { type StudioServer, startStudio } from "../../src/server/index.ts";
import { idleJobs } from "../server/idle-jobs.ts";

let studio: StudioServer;
let stranger: Server;
let browser: Browser;
let context: BrowserContext;
const folder = mkdtempSync(join(tmpdir(), "apprentice-strangers-"));
let origin = "";
let strangerPort = 0;

beforeAll(async () => {
  const page = join(folder, "page");
  mkdirSync(page, { recursive: true });
  writeFileSync(
    join(page, "index.html"),
    '<!doctype html><title>studio</title><link rel="icon" href="icon.svg"><script type="module" src="main.js"></script>',
  );
  writeFileSync(join(page, "main.js"), "document.title = 'isolated: ' + crossOriginIsolated;");
  writeFileSync(join(page, "worker.js"), "postMessage(crossOriginIsolated);");
  writeFileSync(join(page, "icon.svg"), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  studio = await startStudio({
    data: join(folder, "data"),
    page,
    host: "127.0.0.1",
    port: 0,
    certificate: null,
    firstPolicy: false,
    makeJobs: idleJobs(),
  });
  origin = new URL(studio.addresses[0]).origin;
  stranger = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(
      `<!doctype html><title>stranger</title><link rel="icon" href="data:,"><a href="${studio.addresses[0]}">link</a>`,
    );
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  strangerPort = (stranger.address() as AddressInfo).port;
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chrome or Chromium: run `npx tsx scripts/prepare-browser.ts`");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
  context = await browser.newContext();
});
afterAll(async () => {
  await browser?.close();
  stranger?.close();
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("opens by its address, drops the token from it, and may do in its own page what it needs", async () => {
  const page = await context.newPage();
  await page.goto(studio.addresses[0]);
  expect(page.url()).toBe(`${origin}/`);
  await page.waitForFunction("document.title.startsWith('isolated')");
  expect(await page.title()).toBe("isolated: true");
  const [status, socket, worker, hasEval, hasWebAssembly] = await page.evaluate(async () => {
    const { status } = await fetch("/api/studio");
    const socket = await new Promise((resolve) => {
      const opened = new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")));
      opened.onopen = () => resolve("open");
      opened.onerror = () => resolve("error");
    });
    const worker = await new Promise((resolve) => {
      const started = new Worker("/worker.js", { type: "module" });
      started.onmessage = ({ data }) => resolve(data);
      started.onerror = () => resolve("error");
    });
    let hasEval = true;
    try {
      new Function("return 1")();
    } catch {
      hasEval = false;
    }
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const hasWebAssembly = await WebAssembly.compile(empty).then(
      () => true,
      () => false,
    );
    return [status, socket, worker, hasEval, hasWebAssembly];
  });
  expect({ status, socket, worker, hasEval, hasWebAssembly }).toEqual({
    status: 200,
    socket: "open",
    worker: true,
    hasEval: false,
    hasWebAssembly: true,
  });
  await page.close();
});

// By its number a page is of the same site as the studio, and the browser sends it the cookie; by name it is not.
it.each(["127.0.0.1", "localhost"])("lets a page of http://%s:PORT do nothing", { timeout: 60_000 }, async (name) => {
  const page = await context.newPage();
  await page.goto(`http://${name}:${strangerPort}/`);
  const found = await page.evaluate(async (target) => {
    const outcome = (work: Promise<unknown>) =>
      work.then(
        () => "let in",
        () => "refused",
      );
    const loads = (tag: "img" | "script", path: string) =>
      new Promise((resolve, reject) => {
        const element = document.createElement(tag);
        element.onload = resolve;
        element.onerror = reject;
        element.src = target + path;
        document.head.append(element);
      });
    const socket = new Promise((resolve, reject) => {
      const opened = new WebSocket(`${target.replace("http", "ws")}/ws`);
      opened.onopen = resolve;
      opened.onerror = reject;
    });
    const other = window.open(`${target}/`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return {
      fetch: await outcome(fetch(`${target}/api/studio`, { credentials: "include" })),
      blind: await outcome(fetch(`${target}/api/studio`, { credentials: "include", mode: "no-cors" })),
      post: await outcome(fetch(`${target}/api/studio`, { method: "POST", credentials: "include", body: "x" })),
      socket: await outcome(socket),
      script: await outcome(loads("script", "/main.js")),
      image: await outcome(loads("img", "/icon.svg")),
      // A window that it opened is out of its hands.
      window: other === null || other.closed ? "refused" : "let in",
    };
  }, origin);
  expect(found).toEqual({
    fetch: "refused",
    blind: "refused",
    post: "refused",
    socket: "refused",
    script: "refused",
    image: "refused",
    window: "refused",
  });
  await page.setContent(`<iframe src="${origin}/"></iframe>`);
  await expect.poll(() => page.frames().at(-1)?.url()).toBe("chrome-error://chromewebdata/");
  await page.close();
});

it("is opened by a link on another page, too", async () => {
  const fresh = await browser.newContext();
  const page = await fresh.newPage();
  await page.goto(`http://localhost:${strangerPort}/`);
  await page.click("a");
  await page.waitForURL(`${origin}/`);
  await page.waitForFunction("document.title.startsWith('isolated')");
  await fresh.close();
});

it("is a secure page beyond this machine, too: threads, the browser's files and sockets, as a phone has them", async () => {
  const far = await startStudio({
    data: join(folder, "far"),
    page: join(folder, "page"),
    host: "0.0.0.0",
    port: 0,
    certificate: "self-signed",
    firstPolicy: false,
    makeJobs: idleJobs(),
  });
  // Who has accepted the certificate; the last address is one of the network, where the machine is in one.
  const phone = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  try {
    const page = await phone.newPage();
    await page.goto(far.addresses[far.addresses.length - 1]);
    await page.waitForFunction("document.title.startsWith('isolated')");
    const found = await page.evaluate(async () => ({
      isSecure: isSecureContext,
      isIsolated: crossOriginIsolated,
      files: (await navigator.storage.getDirectory()).kind,
      socket: await new Promise((resolve) => {
        const opened = new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")));
        opened.onopen = () => resolve("open");
        opened.onerror = () => resolve("error");
      }),
    }));
    expect(found).toEqual({ isSecure: true, isIsolated: true, files: "directory", socket: "open" });
  } finally {
    await phone.close();
    await far.close();
  }
});
