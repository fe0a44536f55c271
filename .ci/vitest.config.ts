import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Clock times for people are local, and their golden texts are in UTC.
process.env["TZ"] = "UTC";

/** Tests whose subject is a process: its start and its end, also by a kill or a power cut, several at once, terminals, memory, what is built. */
const ofProcesses = "test/**/*.process.test.ts";

/** Tests of what every database does: of SQLite with the quick ones, of PostgreSQL, which is a program, with the others. */
const ofDatabases = "test/**/*.each-database.test.ts";

/** Files that take longest: begun last, as short files are on a new checkout, each would be waited for alone. */
const longest =
  /\/(?:homes|error-reference|odd-places\.process|other-user\.process|parallel-switch\.process)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// Threads without isolation are safe because no module keeps state, and several times faster.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  // The build puts the version of package.json here.
  define: { CODEX_AUTH_VERSION: JSON.stringify("0.0.0-test") },
  test: {
    globalSetup: ["./test/support/build-once.ts"],
    pool: "threads",
    isolate: false,
    // Several tests only wait, for a lock or for ten seconds to pass.
    maxWorkers: 3,
    // What has to become true may take its time on a busy machine.
    expect: { poll: { timeout: 45_000 } },
    hookTimeout: 120_000,
    reporters: ["default", "./.ci/count-reporter.ts"],
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary"],
      reportsDirectory: "node_modules/.cache/coverage",
    },
    projects: [
      {
        extends: true,
        test: {
          name: "quick",
          include: ["test/**/*.test.ts"],
          exclude: [ofProcesses, "test/e2e/**"],
          testTimeout: 60_000,
          env: { CODEX_AUTH_TEST_DATABASE: "SQLite" },
        },
      },
      // A machine may be busy with other processes than ours.
      {
        extends: true,
        test: {
          name: "processes",
          include: [ofProcesses, ofDatabases],
          testTimeout: 120_000,
          env: { CODEX_AUTH_TEST_DATABASE: "PostgreSQL" },
        },
      },
    ],
  },
});
