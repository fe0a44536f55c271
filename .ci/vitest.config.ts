import { defineConfig } from "vitest/config";

// Clock times for people are local, and their golden texts are in UTC.
process.env["TZ"] = "UTC";

// Threads without isolation are safe because no module keeps state, and several times faster.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  // The build puts the version of package.json here.
  define: { CODEX_AUTH_VERSION: JSON.stringify("0.0.0-test") },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**"],
    globalSetup: ["./test/support/build-once.ts"],
    pool: "threads",
    isolate: false,
    // Several tests only wait, for a lock or for ten seconds to pass.
    maxWorkers: 3,
    testTimeout: 60_000,
    reporters: ["default", "./.ci/count-reporter.ts"],
  },
});
