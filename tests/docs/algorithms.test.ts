/** The pages of the algorithms: what they state as default is what the code has, and the lines that comments name are there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";
import type { HeadName } from "../../src/policies/index.ts";
import { completeRecipe } from "../../src/recipes/index.ts";

const FOLDER = join(REPOSITORY, "docs", "algorithms");
const textOf = (page: string) => readFileSync(join(FOLDER, `${page}.md`), "utf8");

/** Which heads a page is about. */
const HEADS_OF: Readonly<Record<string, readonly HeadName[]>> = {
  regression: ["l2", "l1", "huber"],
  gaussian: ["gaussian"],
  mixture: ["gmm"],
  autoregressive: ["autoregressive"],
  diffusion: ["diffusion"],
  flow: ["flow"],
  chunks: ["l2", "diffusion"],
};

const recipeOf = (kind: HeadName) =>
  completeRecipe(
    { datasets: [{ path: "data", weight: 1, digest: null }], policy: { head: { kind } } },
    { task: "driving", where: "test" },
  );

/** The fields of an object by their paths, down to what is no object. */
function leavesOf(value: unknown, path: string): [path: string, value: unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, path ? `${path}.${name}` : name));
}

/** The rows `| option | `field` | literature | `ours` |` of a page. */
function statedIn(page: string): Record<string, unknown> {
  const rows = textOf(page).matchAll(/^\| [^|]+ \| `([\w.]+)` \| [^|]+ \| `([^`]+)` \|$/gm);
  return Object.fromEntries([...rows].map(([, field, value]) => [field, JSON.parse(value)]));
}

describe.each(Object.entries(HEADS_OF))("docs/algorithms/%s.md", (page, heads) => {
  const stated = statedIn(page);

  it.each(heads)("states the defaults that the code has: %s", (head) => {
    const fields = Object.fromEntries(leavesOf(recipeOf(head), ""));
    const own = Object.keys(stated).filter((field) => heads.length === 1 || field in fields);
    expect(own.length).toBeGreaterThan(0);
    for (const field of own) expect({ [field]: stated[field] }).toEqual({ [field]: fields[field] });
  });

  it.skipIf(page === "chunks")("leaves out no option of its heads and their network", () => {
    for (const head of heads) {
      const { policy } = recipeOf(head);
      const options = [...leavesOf(policy.head, "policy.head"), ...leavesOf(policy.network, "policy.network")];
      const paths = options.map(([path]) => path).filter((path) => !path.endsWith(".kind"));
      expect(Object.keys(stated)).toEqual(expect.arrayContaining(paths));
    }
  });

  it("has the parts of a page, in their order", () => {
    const titles = [...textOf(page).matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    const parts = ["Equations", "The algorithm", "Settings", "What is logged", "Deviations", "Results"];
    expect(titles.filter((title) => parts.includes(title))).toEqual(parts);
  });
});

describe("the lines of pseudocode", () => {
  const sources = readdirSync(join(REPOSITORY, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", name));
  const named = sources.flatMap((file) => {
    // comments break where the line is full
    const text = readFileSync(join(REPOSITORY, file), "utf8").replace(/\n\s*\* /g, " ");
    const places = text.matchAll(/docs\/algorithms\/(\w+)\.md, lines? (\d+)(?: (?:to|and) (\d+))?/g);
    return [...places].map(([, page, from, to = from]) => ({ file, page, lines: [Number(from), Number(to)] }));
  });

  it("count from 1 in every page", () => {
    for (const page of Object.keys(HEADS_OF)) {
      const numbers = numbersIn(page);
      expect(numbers, page).toEqual(numbers.map((_, i) => i + 1));
    }
  });

  it("are named by comments only where they are, and every page is named by some", () => {
    for (const { file, page, lines } of named) {
      expect(existsSync(join(FOLDER, `${page}.md`)), `${file} names ${page}.md`).toBe(true);
      expect(numbersIn(page), `${file} names lines of ${page}.md`).toEqual(expect.arrayContaining(lines));
    }
    expect(new Set(named.map(({ page }) => page))).toEqual(
      new Set(["bc", "control", "gates", ...Object.keys(HEADS_OF)]),
    );
  });
});

/** The numbers at the beginnings of the lines in a page's `text` fence. */
function numbersIn(page: string): number[] {
  const [, fence] = /^```text\n(.*?)^```/ms.exec(textOf(page))!;
  return [...fence.matchAll(/^(\d+) /gm)].map(([, number]) => Number(number));
}
