import { defineConfig } from "vitest/config";

// Each test starts real programs, so files run one after another.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["test/e2e/**/*.test.ts"],
    globalSetup: ["./test/e2e/support/require-cut-network.ts", "./test/support/build-once.ts"],
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ["default", "./.ci/count-reporter.ts"],
  },
});
