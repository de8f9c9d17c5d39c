/** Runs the repository's TypeScript in a headless Chromium: Vite serves it, cross-origin isolated, on 127.0.0.1. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type CDPSession, chromium } from "playwright-core";
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
  /** Closes the page as a person would, and opens it anew in the same browser: files stay, all that ran is gone. */
  reopen(): Promise<void>;
  /** Gives the page's files so many bytes of the disk; null: as many as there are. */
  limitDisk(bytes: number | null): Promise<void>;
  close(): Promise<void>;
}

export interface PageOptions {
  /** False leaves out the headers that allow threads. */
  readonly isolated?: boolean;
  /** Address of another server, which answers for this one under `/api` and `/ws`, and the cookie by which it knows us. */
  readonly behind?: { readonly address: string; readonly cookie: string };
}

/** Opens an empty page in a browser of its own. */
export async function openPage({ isolated = true, behind }: PageOptions = {}): Promise<Page> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chrome or Chromium: run `npx tsx scripts/prepare-browser.ts`");
  const server = await serve(isolated, behind);
  const profile = mkdtempSync(join(tmpdir(), "apprentice-browser-"));
  let context: BrowserContext | undefined;
  const end = async () => {
    await context?.close();
    await server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    // A profile of its own on the disk, not a private window: files that pages keep are files then.
    context = await chromium.launchPersistentContext(profile, { executablePath, args: ARGUMENTS });
    const opened = context;
    const lines: string[] = [];
    const address = new URL(PAGE, server.resolvedUrls!.local[0]);
    const open = async () => {
      const next = await opened.newPage();
      next.on("console", (message) => lines.push(message.text()));
      next.on("pageerror", (error) => lines.push(String(error)));
      await next.goto(address.href);
      return next;
    };
    let page = await open();
    let disk: CDPSession | undefined;
    return {
      async reopen() {
        await page.close();
        page = await open();
      },
      async limitDisk(bytes) {
        // The limit holds as long as this session does.
        await disk?.detach();
        disk = undefined;
        if (bytes === null) return;
        disk = await opened.newCDPSession(page);
        await disk.send("Storage.overrideQuotaForOrigin", { origin: address.origin, quotaSize: bytes });
      },
      async call<Result>(module: string, name: string, argument?: unknown) {
        // Made from a string so that the test runner does not rewrite the page's own import().
        const inPage = new Function("call", "return import(call.module).then((m) => m[call.name](call.argument))");
        try {
          return await page.evaluate(inPage as (call: object) => Promise<Result>, { module, name, argument });
        } catch (error) {
          throw new Error([`${module} ${name}: ${(error as Error).message}`, ...lines].join("\n"), { cause: error });
        }
      },
      close: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A development server without reloads: packages are served as the modules they are, nothing is bundled ahead. */
async function serve(isolated: boolean, behind: PageOptions["behind"]): Promise<ViteDevServer> {
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
    server: { host: "127.0.0.1", port: 0, headers, hmr: false, watch: null, ...(behind && { proxy: proxyTo(behind) }) },
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

/** As its own page would ask it. */
function proxyTo({ address, cookie }: NonNullable<PageOptions["behind"]>) {
  const { origin } = new URL(address);
  const to = { target: origin, changeOrigin: true, headers: { cookie, origin } };
  return { "/api": to, "/ws": { ...to, ws: true } };
}
