/**
 * `npm run test:python [-- DIR]`: exports our programs and parameters (tests/python/export.ts) and has the official Python
 * libraries check and run them (tests/python/check.py). The libraries, at exact versions, live in .cache/python and nowhere
 * else. Where there is no suitable Python the check is skipped by name; with CI=true that is a failure. With DIR the files
 * that are already there are checked.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMain, REPOSITORY } from "./house.ts";

const LIBRARIES = join(REPOSITORY, ".cache", "python");
const REQUIREMENTS = join(REPOSITORY, "tests", "python", "requirements.txt");
/** The oldest that the pinned libraries are published for. */
const OLDEST = [3, 11] as const;

/** No Python that can be used; a person's machine need not have one. */
class Missing extends Error {}

interface Command {
  command: string;
  args: string[];
}

/** Runs to the end with its output on standard error, and says whether it succeeded. */
function succeeds({ command, args }: Command): boolean {
  return spawnSync(command, args, { cwd: REPOSITORY, stdio: ["ignore", 2, 2], timeout: 600_000 }).status === 0;
}

function findPython(): string {
  const names = process.env.APPRENTICE_PYTHON ? [process.env.APPRENTICE_PYTHON] : ["python3", "python"];
  const found = names.map((name) => {
    const print = "import sys; print(sys.version_info.major, sys.version_info.minor)";
    const { status, stdout } = spawnSync(name, ["-c", print], { encoding: "utf8", timeout: 60_000 });
    return { name, version: status === 0 ? stdout.trim().split(" ").map(Number) : null };
  });
  const suitable = found.find(({ version }) => version && version[0] === OLDEST[0] && version[1] >= OLDEST[1]);
  if (suitable) return suitable.name;
  const seen = found.map(({ name, version }) => `${name}: ${version?.join(".") ?? "none"}`).join(", ");
  throw new Missing(`no python3 of ${OLDEST.join(".")} or newer (${seen})`);
}

/** The interpreter of .cache/python, made anew when the requirements or the system's Python have changed. */
function prepareLibraries(python: string): string {
  const folder = process.platform === "win32" ? "Scripts" : "bin";
  const interpreter = join(LIBRARIES, folder, "python");
  const stamp = join(LIBRARIES, "installed.txt");
  const version = spawnSync(python, ["--version"], { encoding: "utf8" }).stdout;
  const wanted = `${version}${readFileSync(REQUIREMENTS, "utf8")}`;
  if (existsSync(interpreter) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return interpreter;
  rmSync(LIBRARIES, { recursive: true, force: true });
  if (!succeeds({ command: python, args: ["-m", "venv", LIBRARIES] }) && !repairVenv(python)) {
    throw new Missing(`${python} cannot make a virtual environment (Debian: apt-get install python3-venv)`);
  }
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "-r"];
  if (!succeeds({ command: interpreter, args: [...install, REQUIREMENTS] })) {
    throw new Missing("pip could not install tests/python/requirements.txt; its reason is above");
  }
  writeFileSync(stamp, wanted);
  return interpreter;
}

/** Debian's Python comes without venv; only a machine that says it is a build machine gets it installed. */
function repairVenv(python: string): boolean {
  if (process.env.CI !== "true" || process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) return false;
  rmSync(LIBRARIES, { recursive: true, force: true });
  return (
    succeeds({ command: "apt-get", args: ["update"] }) &&
    succeeds({ command: "apt-get", args: ["install", "-y", "--no-install-recommends", "python3-venv"] }) &&
    succeeds({ command: python, args: ["-m", "venv", LIBRARIES] })
  );
}

function checkFiles(interpreter: string, folder: string): boolean {
  const check = join(REPOSITORY, "tests", "python", "check.py");
  return spawnSync(interpreter, [check, folder], { stdio: "inherit", timeout: 600_000 }).status === 0;
}

function exportAndCheck(interpreter: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-python-"));
  try {
    const exporter = join(REPOSITORY, "tests", "python", "export.ts");
    if (!succeeds({ command: process.execPath, args: ["--import", "tsx", exporter, folder] })) {
      console.error("tests/python/export.ts failed; its reason is above");
      return false;
    }
    return checkFiles(interpreter, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  try {
    const interpreter = prepareLibraries(findPython());
    const given = process.argv[2];
    const passed = given ? checkFiles(interpreter, given) : exportAndCheck(interpreter);
    process.exitCode = passed ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    const required = process.env.CI === "true";
    console.log(`${required ? "failed" : "skipped"}: ${error.message}`);
    process.exitCode = required ? 1 : 0;
  }
}
