import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";

/** The README's TypeScript, run as a reader would: against the built package, by its name. `npm test` builds it first. */
it("the README's example runs and learns", () => {
  const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
  const [, code] = /^```ts\n(.*?)^```/ms.exec(readme)!;
  const folder = join(REPOSITORY, ".cache");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "readme-example.mts");
  writeFileSync(file, code);
  // As outside this repository, whose own tsconfig.json leads the name to the sources of the browser's door.
  const settings = join(folder, "readme-tsconfig.json");
  writeFileSync(settings, "{}");
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", file], {
    cwd: REPOSITORY,
    encoding: "utf8",
    env: { ...process.env, TSX_TSCONFIG_PATH: settings },
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  // the mixture passes the obstacle in more than nine of ten episodes (ALGORITHMS 10.7 B: crash rate at most 0.004)
  expect(Number(/success ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(0.9);
});
