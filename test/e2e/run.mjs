// npm run e2e: the tests that run the real Codex, in a network namespace where only loopback exists.
// CODEX_AUTH_E2E_CACHE: where the Codex versions are kept. CODEX_AUTH_E2E_SKIP=1: run nothing.
import { spawnSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { install, installNode, installPackage, otherNodes, root, versions } from "./install.mjs";

const script = fileURLToPath(import.meta.url);
const [mode, ...rest] = process.argv.slice(2);

if (mode === "--inside") process.exitCode = runTests(rest);
else if (process.env.CODEX_AUTH_E2E_SKIP === "1") skip();
else process.exitCode = enterNamespace(process.argv.slice(2));

function skip() {
  console.error("CODEX_AUTH_E2E_SKIP=1: THE TESTS WITH THE REAL CODEX DID NOT RUN.");
  console.log("0 passed, 0 failed");
}

function enterNamespace(args) {
  const unshare = [["-n"], ["-rn"]].find((flags) => succeeds("unshare", [...flags, "true"]));
  if (!unshare) {
    return fail(
      "The real Codex runs only where it cannot reach the network, and no network namespace can be made here.",
      "Needed: Linux, and root or unprivileged user namespaces (unshare -rn true). CODEX_AUTH_E2E_SKIP=1 skips.",
    );
  }
  for (const version of versions) install(version);
  for (const major of otherNodes) installNode(major);
  installPackage();
  return run("unshare", [...unshare, process.execPath, script, "--inside", ...args]);
}

function runTests(args) {
  if (!loopbackIsUp()) {
    return fail(
      "Loopback cannot be brought up in the network namespace.",
      "Needed: ip, ifconfig or python3.",
    );
  }
  return run(process.execPath, [
    "node_modules/vitest/vitest.mjs",
    "run",
    "-c",
    ".ci/vitest.e2e.config.ts",
    ...args,
  ]);
}

/** The ways to raise loopback, the usual one first; 0x8914 sets the flags IFF_UP and IFF_RUNNING. */
function loopbackIsUp() {
  const python = [
    "import fcntl, socket, struct",
    'fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 0x41))',
  ].join("\n");
  const ways = [
    ["ip", ["link", "set", "lo", "up"]],
    ["ifconfig", ["lo", "up"]],
    ["python3", ["-c", python]],
  ];
  return ways.some(([command, args]) => succeeds(command, args) && "lo" in networkInterfaces());
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}

function fail(...lines) {
  for (const line of lines) console.error(line);
  return 1;
}
