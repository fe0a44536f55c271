// Draws docs/list.svg, docs/picker.svg, docs/watch.svg and docs/page.png from the built program on the accounts of the demo:
// the terminal as tmux shows it, the page as Chromium does. The clock stands still, so that two runs differ only where the
// program does. What is not installed is left as it is, and said.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { load } from "./load.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nowMs = Date.UTC(2026, 10, 20, 12);
const { drawLines } = await load(".ci/picture.ts");
const { copyDemoHome, removeDemoHome } = await load("src/store/homes/demo-home.ts");

const work = mkdtempSync(join(tmpdir(), "codex-auth-screens-"));
const home = copyDemoHome(root, nowMs);
try {
  const clock = join(work, "clock.cjs");
  writeFileSync(clock, `Date.now = () => ${nowMs};\n`);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    CODEX_HOME: home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    TERM: "xterm-256color",
    CODEX_AUTH_INVOKED_AS: "codex auth",
    NODE_OPTIONS: `--require=${clock}`,
  };
  const program = join(root, "bin/codex-auth");
  const run = (...args) =>
    must(spawnSync(program, args, { env, cwd: home, encoding: "utf8" }), args.join(" "));
  run("import", "logins");
  run("label", "dev@team.example", "work");
  if (isThere("tmux", "-V")) {
    await drawScreen("list", { rows: 12, shown: "ready", env, program });
    await drawScreen("switch", { rows: 24, shown: "Esc", env, program, name: "picker" });
    await drawScreen("watch", { rows: 30, shown: "q quit", env, program });
  }
  const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
    isThere(path, "--version"),
  );
  if (chromium) {
    const page = join(work, "page.html");
    run("report", "--since", "14", "--out", page);
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--window-size=1000,1000",
    ];
    must(
      spawnSync(chromium, [
        ...flags,
        `--user-data-dir=${work}/profile`,
        `--screenshot=${join(root, "docs/page.png")}`,
        `file://${page}`,
      ]),
      "chromium",
    );
  }
} finally {
  removeDemoHome(home);
  rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** What a terminal of 80 columns shows once a text has come. */
async function drawScreen(command, { rows, shown, env, program, name = command }) {
  const tmux = (...words) =>
    must(spawnSync("tmux", ["-u", "-S", join(work, "tmux"), ...words], { env, encoding: "utf8" }), "tmux")
      .stdout;
  const size = ["-x", "80", "-y", String(rows)];
  tmux("-f", "/dev/null", "new-session", "-d", ...size, `'${program}' ${command}; sleep 60`);
  try {
    let screen = "";
    for (let tries = 0; tries < 100 && !screen.includes(shown); tries += 1) {
      await sleep(100);
      screen = tmux("capture-pane", "-p", "-e");
    }
    if (!screen.includes(shown)) throw new Error(`${command} never showed ${shown}:\n${screen}`);
    writeFileSync(join(root, `docs/${name}.svg`), drawLines(`codex auth ${command}`, wholeLines(screen)));
  } finally {
    tmux("kill-server");
  }
}

/** tmux says a style once, and it holds over the end of a line. */
function wholeLines(screen) {
  let open = "";
  return screen
    .trimEnd()
    .split("\n")
    .map((line) => {
      const whole = open + line;
      for (const [style] of line.matchAll(/\u001b\[[\d;]*m/g))
        open = /^\u001b\[0?m$/.test(style) ? "" : open + style;
      return whole;
    });
}

function must(done, what) {
  if (done.status !== 0) throw new Error(`${what}: ${done.error ?? done.stderr}`);
  return done;
}

function isThere(name, flag) {
  const is = spawnSync(name, [flag]).error === undefined;
  if (!is) process.stderr.write(`${name} is not installed: its pictures stay as they are.\n`);
  return is;
}
