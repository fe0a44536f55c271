import { defineConfig } from "vitest/config";
import { modern } from "../test/e2e/install.mjs";

/** What a Codex itself does; everything else runs once, with the newest. */
const ofEachVersion = [
  "config-edit",
  "doctor-*",
  "exec",
  "gateway-codex",
  "interchange",
  "keyring",
  "lease",
  "login",
  "rotation",
  "switch",
];

// Each test starts real programs, so files run one after another.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    globalSetup: ["./test/e2e/support/require-cut-network.ts", "./test/support/build-once.ts"],
    pool: "threads",
    isolate: false,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    reporters: ["default", "./.ci/count-reporter.ts"],
    projects: modern.map((version, index) => ({
      extends: true,
      test: {
        name: `codex ${version}`,
        env: { CODEX_AUTH_E2E_VERSION: version },
        include:
          index === 0 ? ["test/e2e/**/*.test.ts"] : ofEachVersion.map((name) => `test/e2e/${name}*.test.ts`),
      },
    })),
  },
});
