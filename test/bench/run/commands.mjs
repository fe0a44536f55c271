// User and system time of whole commands as a multiple of `node -e 0`.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeForgedLogins } from "../forged-logins.mjs";
import { median, orderOf } from "./rounds.mjs";

const rows = [
  ["--version", 100, ["--version"], "1.12"],
  ["a wrong command", 100, ["lisst"], ""],
  ["list --json, 100 accounts", 100, ["list", "--json"], "1.45"],
  ["status, 100 accounts", 100, ["status"], ""],
  ["statusline, 100 accounts", 100, ["statusline"], ""],
  ["switch, 100 accounts", 100, ["switch", "-"], "1.75"],
  ["forecast --json, 100, six weeks", 100, ["forecast", "--json"], "1.75"],
  ["doctor, 100 accounts", 100, ["doctor"], ""],
  ["TAB, 100 accounts", 100, ["__complete", "--", "switch", ""], "1.35"],
  ["TAB, 1,000 accounts", 1000, ["__complete", "--", "switch", ""], "1.5"],
  ["list --json, 1,000 accounts", 1000, ["list", "--json"], "2.0"],
  ["switch, 1,000 accounts", 1000, ["switch", "-"], ""],
  ["import of codex-auth/errors", 100, importOf("errors"), "1.15"],
];

/** Instead of a command: what a program of others pays for a door of the library, beside an empty module. */
function importOf(door) {
  return (folder, root) => moduleIn(root, `import ${JSON.stringify(join(folder, `dist/lib/${door}.js`))};`);
}

function moduleIn(root, text) {
  const file = join(root, `${text.replaceAll(/\W+/g, "-")}.mjs`);
  writeFileSync(file, text);
  return [file];
}

export async function* commandRows(builds, { runs, only }) {
  const root = mkdtempSync(join(tmpdir(), "codex-auth-bench-"));
  const binaries = builds.map((folder) => join(folder, "bin/codex-auth"));
  try {
    const wanted = rows.filter(([name]) => name.includes(only));
    const homes = new Map();
    for (const count of new Set(wanted.map(([, each]) => each)))
      homes.set(count, makeHome(root, binaries, count));
    for (const [name, count, args, goal] of wanted) {
      const home = homes.get(count);
      const isImport = typeof args === "function";
      const empty = isImport ? moduleIn(root, "0;") : ["-e", "0"];
      const words = (folder) =>
        isImport ? args(folder, root) : [join(folder, "bin/codex-auth")].concat(args);
      const commands = [empty, empty, ...builds.map(words)];
      yield { name, goal, ratios: inTurn(commands, { root, home, runs }) };
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The first two rounds only warm up: one writes the compiled code, one reads it. */
function inTurn(commands, { root, home, runs }) {
  const rounds = [];
  for (let round = -2; round < runs; round += 1) {
    const times = [];
    for (const at of orderOf(commands, round)) times[at] = cpuMs(commands[at], { root, home });
    if (round >= 0) rounds.push(times);
  }
  return commands.slice(1).map((_, at) => median(rounds.map((times) => times[at + 1] / times[0])));
}

/** With children, by the shell's own count; in an environment that has nothing else. */
function cpuMs(words, { root, home }) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null';
  const { stderr } = spawnSync("bash", ["-c", script, "time", process.execPath, ...words], {
    env: environment(root, home),
    encoding: "utf8",
  });
  const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return (user + system) * 1000;
}

function environment(root, home) {
  // The compiled code is kept below HOME.
  return { PATH: "/usr/bin:/bin", HOME: root, CODEX_HOME: home, LANG: "C.UTF-8" };
}

function makeHome(root, binaries, count) {
  const home = join(root, `home-${count}`);
  const env = environment(root, home);
  const run = (binary, ...words) =>
    execFileSync(process.execPath, [binary, ...words], { env, encoding: "utf8", maxBuffer: 1e8 });
  const auth = (...words) => run(binaries[0], ...words);
  writeForgedLogins(join(home, "logins"), count);
  auth("import", join(home, "logins"));
  // Each build keeps its compiled code at the first command that writes.
  for (const binary of binaries) for (const row of ["1", "2"]) run(binary, "switch", row);
  const { accounts } = JSON.parse(auth("list", "--json"));
  writeFigures(
    join(home, "codex-auth"),
    accounts.map(({ id }) => id),
  );
  return home;
}

/** Figures of every account, and six weeks of office hours for each of the first hundred. */
function writeFigures(store, ids) {
  const now = Date.now();
  const [hour, day] = [3_600_000, 86_400_000];
  const limit = (window, usedPercent, windowMinutes, resetsAtMs) => ({
    limitId: "codex",
    window,
    usedPercent,
    windowMinutes,
    resetsAtMs,
    observedAtMs: now - hour / 2,
    source: "usage",
  });
  const entries = ids.map((id, at) => {
    const limits = [
      limit("primary", (at * 37) % 100, 300, now + 2 * hour),
      limit("secondary", (at * 53) % 100, 10_080, now + 3 * day),
    ];
    return [id, { limits, availability: null }];
  });
  const file = { version: 1, accounts: Object.fromEntries(entries) };
  writeFileSync(join(store, "limits.json"), `${JSON.stringify(file)}\n`, { mode: 0o600 });
  const lines = [];
  for (let back = 42; back > 0; back -= 1)
    for (const [at, a] of ids.slice(0, 100).entries())
      for (const w of [300, 10_080])
        lines.push(
          JSON.stringify({ t: now - back * day + at * 1000, a, l: "codex", w, p: 1 + (at % 7), o: hour }),
        );
  writeFileSync(join(store, "history.jsonl"), `${lines.join("\n")}\n`, { mode: 0o600 });
}
