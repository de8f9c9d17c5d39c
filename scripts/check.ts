/** All that is checked without running the code, each check to its end, so that one run shows every fault. */
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { REPOSITORY } from "./house.ts";

const CHECKS = {
  types: "tsc",
  "studio types": "svelte-check --workspace studio --tsconfig tsconfig.json --fail-on-warnings --output human",
  build: "npm run --silent build",
  lint: "biome check --error-on-warnings .",
  floors: "tsx scripts/floors.ts",
  architecture: "tsx scripts/architecture.ts --check",
  glossary: "tsx scripts/glossary.ts",
  "dead code": "knip",
  package: "publint --strict",
  "package types": "attw --pack . --profile esm-only --quiet",
};

const failed = Object.entries(CHECKS).filter(([name, command]) => {
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: REPOSITORY,
    shell: true,
    env: { ...process.env, PATH: `${join(REPOSITORY, "node_modules", ".bin")}${delimiter}${process.env.PATH}` },
    encoding: "utf8",
  });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${command})`);
  if (status !== 0) console.log(`${stdout}${stderr}`.trim().replace(/^/gm, "    "));
  return status !== 0;
});
process.exitCode = failed.length ? 1 : 0;
