import { defineConfig } from "vitest/config";

const REPORT = process.env.VITEST_REPORT;

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: REPORT ? ["default", ["json", { outputFile: REPORT }]] : ["default"],
  },
});
