import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const REPORT = process.env.VITEST_REPORT;

export default defineConfig({
  // As the studio's code names it: the source, so that nothing must be built before.
  resolve: { alias: { apprentice: fileURLToPath(new URL("src/browser.ts", import.meta.url)) } },
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: REPORT ? ["default", ["json", { outputFile: REPORT }]] : ["default"],
  },
});
