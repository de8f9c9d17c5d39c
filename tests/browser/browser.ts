/** Runs the repository's TypeScript in a headless Chromium: Vite serves it, cross-origin isolated, on 127.0.0.1. */
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { REPOSITORY } from "../../scripts/house.ts";
import { findBrowser } from "../../scripts/prepare-browser.ts";

const PAGE = "/blank.html";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Page {
  /**
   * Calls a function that a module of the repository exports (`"/tests/browser/pages/engine.ts"`, `"train"`) in the page.
   * Argument and result cross as JSON, with typed arrays, NaN and infinities kept. Throws what the page throws, with what it wrote on its console.
   */
  call<Result>(module: string, name: string, argument?: unknown): Promise<Result>;
  close(): Promise<void>;
}

/** Opens an empty page in a browser of its own. `isolated: false` leaves out the headers that allow threads. */
export async function openPage({ isolated = true } = {}): Promise<Page> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chrome or Chromium: run `npx tsx scripts/prepare-browser.ts`");
  const server = await serve(isolated);
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    const page = await browser.newPage();
    const lines: string[] = [];
    page.on("console", (message) => lines.push(message.text()));
    page.on("pageerror", (error) => lines.push(String(error)));
    await page.goto(new URL(PAGE, server.resolvedUrls!.local[0]).href);
    const opened = browser;
    return {
      async call<Result>(module: string, name: string, argument?: unknown) {
        // Made from a string so that the test runner does not rewrite the page's own import().
        const inPage = new Function("call", "return import(call.module).then((m) => m[call.name](call.argument))");
        try {
          return await page.evaluate(inPage as (call: object) => Promise<Result>, { module, name, argument });
        } catch (error) {
          throw new Error([`${module} ${name}: ${(error as Error).message}`, ...lines].join("\n"), { cause: error });
        }
      },
      async close() {
        await opened.close();
        await server.close();
      },
    };
  } catch (error) {
    await browser?.close();
    await server.close();
    throw error;
  }
}

/** A development server without reloads: packages are served as the modules they are, nothing is bundled ahead. */
async function serve(isolated: boolean): Promise<ViteDevServer> {
  const headers: Record<string, string> = isolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const server = await createServer({
    root: REPOSITORY,
    configFile: false,
    appType: "custom",
    logLevel: "error",
    cacheDir: ".cache/vite",
    optimizeDeps: { noDiscovery: true, exclude: ["onnxruntime-web"] },
    resolve: { alias: { apprentice: join(REPOSITORY, "src/browser.ts") } },
    server: { host: "127.0.0.1", port: 0, headers, hmr: false, watch: null },
    plugins: [
      {
        name: "blank-page",
        configureServer: ({ middlewares }) => {
          middlewares.use(PAGE, (_request, response) => {
            for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
            response.setHeader("Content-Type", "text/html; charset=utf-8");
            response.end('<!doctype html><title>Apprentice test</title><link rel="icon" href="data:,">');
          });
        },
      },
    ],
  });
  return server.listen();
}
