// Runs a script in a network namespace where only loopback exists: the real Codex must never reach the network.
import { spawnSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { root } from "./install.mjs";

/** Starts Node anew in a cut network with these words, and gives its exit code; the script begins with `raiseLoopback`. */
export function inCutNetwork(words) {
  const unshare = [["-n"], ["-rn"]].find((flags) => succeeds("unshare", [...flags, "true"]));
  if (unshare) return run("unshare", [...unshare, process.execPath, ...words]);
  return fail(
    "The real Codex runs only where it cannot reach the network, and no network namespace can be made here.",
    "Needed: Linux, and root or unprivileged user namespaces (unshare -rn true). CODEX_AUTH_E2E_SKIP=1 skips.",
  );
}

/** False, and said why, where this is no such namespace or its loopback stays down. */
export function raiseLoopback() {
  if (loopbackIsUp()) return true;
  fail("Loopback cannot be brought up in the network namespace.", "Needed: ip, ifconfig or python3.");
  return false;
}

export function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status ?? 1;
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

function fail(...lines) {
  for (const line of lines) console.error(line);
  return 1;
}
