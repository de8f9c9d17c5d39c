import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";

interface Locked {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

const read = (name: string) => JSON.parse(readFileSync(join(REPOSITORY, name), "utf8"));
const manifest = read("package.json");
const locked = Object.entries(read("package-lock.json").packages as Record<string, Locked>).filter(
  ([path]) => path !== "",
);

describe("package", () => {
  it("locks every package to the default registry, by no other host", () => {
    const strangers = locked.filter(([, { resolved }]) => !resolved?.startsWith("https://registry.npmjs.org/"));
    expect(strangers).toEqual([]);
  });

  it("locks the binaries of every platform, so that `npm ci` works on all of them", () => {
    const names = new Set(locked.map(([path]) => path.split("node_modules/").at(-1)));
    const wanted = locked.flatMap(([, { optionalDependencies }]) => Object.keys(optionalDependencies ?? {}));
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });

  it("pins both runtimes to the same exact version", () => {
    const { "onnxruntime-node": node, "onnxruntime-web": web } = manifest.dependencies;
    expect(node).toMatch(/^\d+\.\d+\.\d+$/);
    expect(web).toBe(node);
  });

  it("has no script that ignore-scripts would leave out", () => {
    const names = Object.keys(manifest.scripts);
    const hooks = names.filter((name) => names.includes(name.replace(/^(pre|post)/, "")) && /^(pre|post)/.test(name));
    expect([...hooks, ...names.filter((name) => /^(pre|post)?(install|prepare|publish|pack)$/.test(name))]).toEqual([]);
  });
});
