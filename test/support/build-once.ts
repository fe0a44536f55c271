import { execFileSync } from "node:child_process";

/** Builds the binary before the first test, so that process tests never run an old one. */
export default function buildOnce(): void {
  // Some look at the modes of what they made: those of whoever runs them must make no difference.
  process.umask(0o022);
  execFileSync(process.execPath, [new URL("../../.ci/build.mjs", import.meta.url).pathname, "--cli"], {
    stdio: "inherit",
  });
}
