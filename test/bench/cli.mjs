// CPU time of whole commands as a multiple of `node -e 0`, measured in turn in one run, children included, in the
// environment of the caller: with NODE_EXTRA_CA_CERTS, for example, the empty program takes three times as long.
// Prints medians; machines are noisy, so this is no test. Usage: node test/bench/cli.mjs [runs]
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeForgedLogins } from "./forged-logins.mjs";

const runs = Number(process.argv[2] ?? 15);
const binary = fileURLToPath(new URL("../../bin/codex-auth", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "codex-auth-bench-"));

try {
  const [hundred, thousand] = [makeHome("hundred", 100), makeHome("thousand", 1000)];
  const rows = [
    ["--version", hundred, ["--version"], ""],
    ["list, 100 accounts", hundred, ["list"], "goal 1.45"],
    ["switch, 100 accounts", hundred, ["switch", "-"], "goal 1.45"],
    ["statusline, 100 accounts", hundred, ["statusline"], "as list"],
    ["doctor, 100 accounts", hundred, ["doctor"], "under 1.5 x list"],
    ["TAB, 100 accounts", hundred, ["__complete", "--", "switch", ""], "as list"],
    ["list --json, 1,000 accounts", thousand, ["list", "--json"], "goal 2.3"],
  ];
  console.log(`node -e 0: ${cpuMs(hundred, ["-e", "0"])} ms of CPU`);
  for (const [name, home, args, goal] of rows) {
    console.log(`${name.padEnd(28)} ${ratio(home, args).toFixed(2)}  ${goal}`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** Median of the ratios of neighbouring runs: slow phases of the machine then count on both sides. */
function ratio(home, args) {
  const ratios = Array.from({ length: runs + 1 }, () => {
    const ours = cpuMs(home, [binary, ...args]);
    return ours / cpuMs(home, ["-e", "0"]);
  });
  const sorted = ratios.slice(1).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** User and system time of a process and its children, by the shell's own count. */
function cpuMs(home, args) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null';
  const { stderr } = spawnSync("bash", ["-c", script, "time", process.execPath, ...args], {
    env: { ...process.env, HOME: root, CODEX_HOME: home },
    encoding: "utf8",
  });
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return (user + system) * 1000;
}

function makeHome(name, count) {
  const home = join(root, name);
  writeForgedLogins(join(home, "logins"), count);
  // The cache of compiled code is kept below HOME.
  const env = { ...process.env, HOME: root, CODEX_HOME: home };
  execFileSync(process.execPath, [binary, "import", join(home, "logins")], { env, stdio: "ignore" });
  for (const row of ["1", "2"])
    execFileSync(process.execPath, [binary, "switch", row], { env, stdio: "ignore" });
  return home;
}
