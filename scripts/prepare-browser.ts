/**
 * Finds the Chrome or Chromium that the browser tests drive, and gets one where there is none: by the system's package
 * manager only on a machine that says it is a build machine (CI=true, root, Debian-like), else by the browser tool's own
 * download into its own folder.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import { isMain, REPOSITORY } from "./house.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** The path of an installed browser, or null. APPRENTICE_CHROMIUM comes first, and is not passed over where it is wrong. */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env): string | null {
  const chosen = environment.APPRENTICE_CHROMIUM;
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`APPRENTICE_CHROMIUM=${chosen} is not a program`);
  }
  const folders = [...(environment.PATH ?? "").split(delimiter).filter(Boolean), "/usr/bin", "/snap/bin"];
  const candidates = [
    ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
    ...["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
    ...["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((variable) => {
      const folder = environment[variable];
      return folder ? [join(folder, "Google", "Chrome", "Application", "chrome.exe")] : [];
    }),
    chromium.executablePath(),
    ...listDownloads(environment),
  ];
  return candidates.find(isExecutable) ?? null;
}

/** Browsers of other versions in the browser tool's cache. */
function listDownloads(environment: NodeJS.ProcessEnv): string[] {
  const caches = [
    environment.PLAYWRIGHT_BROWSERS_PATH,
    join(homedir(), ".cache", "ms-playwright"),
    join(homedir(), "Library", "Caches", "ms-playwright"),
    environment.LOCALAPPDATA && join(environment.LOCALAPPDATA, "ms-playwright"),
  ].filter((folder) => folder !== undefined && folder !== "" && existsSync(folder)) as string[];
  const programs = [
    "chrome-linux64/chrome",
    "chrome-linux/chrome",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    "chrome-win/chrome.exe",
    "chrome-win64/chrome.exe",
  ];
  return caches.flatMap((cache) =>
    readdirSync(cache)
      .filter((name) => /^chromium-\d+$/.test(name))
      .flatMap((name) => programs.map((program) => join(cache, name, program))),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function mayInstallPackages(): boolean {
  return process.env.CI === "true" && process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

/** Runs a command for at most ten minutes with its progress on standard error; whether it helped shows afterwards. */
function attempt(command: string, args: string[], { showErrors = true } = {}): void {
  console.error(`No Chrome or Chromium found, trying: ${[command, ...args].join(" ")}`);
  spawnSync(command, args, {
    cwd: REPOSITORY,
    stdio: ["ignore", 2, showErrors ? 2 : "ignore"],
    timeout: 600_000,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

function prepareBrowser(): string | null {
  const found = findBrowser();
  if (found) return found;
  if (mayInstallPackages()) {
    attempt("apt-get", ["update"]);
    attempt("apt-get", ["install", "-y", "--no-install-recommends", "chromium"]);
    const installed = findBrowser();
    if (installed) return installed;
  }
  attempt("npx", ["playwright-core", "install", "--no-shell", "chromium"], { showErrors: false });
  return findBrowser();
}

if (isMain(import.meta.url)) {
  try {
    if (!prepareBrowser()) {
      throw new Error("install Chrome or Chromium (Debian: apt-get install chromium), or set APPRENTICE_CHROMIUM");
    }
  } catch (error) {
    console.error(`The browser tests cannot run: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
