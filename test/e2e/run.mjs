// npm run e2e: the tests that run the real Codex, in a network namespace where only loopback exists.
// CODEX_AUTH_E2E_CACHE: where the Codex versions are kept. CODEX_AUTH_E2E_SKIP=1: run nothing.
import { fileURLToPath } from "node:url";
import { inCutNetwork, raiseLoopback, run } from "./cut-network.mjs";
import { install, installClients, installNode, installPackage, otherNodes, versions } from "./install.mjs";

const [mode, ...rest] = process.argv.slice(2);

if (mode === "--inside") process.exitCode = raiseLoopback() ? runTests(rest) : 1;
else if (process.env.CODEX_AUTH_E2E_SKIP === "1") skip();
else process.exitCode = start(process.argv.slice(2));

function skip() {
  console.error("CODEX_AUTH_E2E_SKIP=1: THE TESTS WITH THE REAL CODEX DID NOT RUN.");
  console.log("0 passed, 0 failed");
}

function start(args) {
  for (const version of versions) install(version);
  for (const major of otherNodes) installNode(major);
  installClients();
  installPackage();
  return inCutNetwork([fileURLToPath(import.meta.url), "--inside", ...args]);
}

function runTests(args) {
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "-c", ".ci/vitest.e2e.config.ts"];
  return run(process.execPath, [...vitest, ...args]);
}
