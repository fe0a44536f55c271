import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { forgeAuthJson } from "../support/forge.ts";
import { root, versions } from "./install.mjs";
import { codexBinary, environment } from "./support/codex.ts";
import { temporaryHome } from "./support/home.ts";

const programs = ["secret-tool", "gnome-keyring-daemon", "dbus-run-session"];
const missing = programs.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
const why = missing.length > 0 ? ` (skipped: there is no ${missing.join(", ")})` : "";
const auth = `"${process.execPath}" "${join(root, "bin/codex-auth")}"`;

/** Runs a shell script with a session bus and a gnome-keyring of its own. */
function withKeyring(home: string, script: readonly string[]): { stdout: string; stderr: string } {
  const run = join(dirname(home), "run");
  mkdirSync(run, { mode: 0o700 });
  const unlock = "printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
  return spawnSync("dbus-run-session", ["--", "sh", "-c", [unlock, ...script].join("\n")], {
    cwd: home,
    env: environment({ home, env: { XDG_RUNTIME_DIR: run } }),
    encoding: "utf8",
    timeout: 110_000,
  });
}

const modes = versions.flatMap((version) => ["keyring", "auto"].map((store) => [version, store] as const));

test.skipIf(why).each(modes)(
  `Codex %s with %j uses the account that is switched to in its keyring${why}`,
  (version, store) => {
    const home = temporaryHome();
    const codex = `"${codexBinary(version)}"`;
    writeFileSync(join(home, "config.toml"), `cli_auth_credentials_store = "${store}"\n`);
    writeFileSync(join(home, "../key.json"), JSON.stringify({ OPENAI_API_KEY: "sk-test-of-the-pool-0002" }));
    const person = forgeAuthJson({ email: "b@x.example", userId: "user-b", accountId: "acct-b" });
    writeFileSync(join(home, "../person.json"), JSON.stringify(person));
    const { stdout, stderr } = withKeyring(home, [
      `echo sk-test-of-codex-0001 | ${codex} login --with-api-key >/dev/null 2>&1`,
      `${auth} import ../key.json ../person.json >/dev/null`,
      `${codex} login status 2>&1`,
      `${auth} status`,
      `${auth} switch 1 >/dev/null`,
      `${codex} login status 2>&1`,
      `${auth} switch b@x.example >/dev/null`,
      `${codex} login status 2>&1`,
      // The login that Codex had made by itself was kept, and comes back.
      `${auth} switch 3 >/dev/null`,
      `${codex} login status 2>&1`,
      // What Codex writes again is found again: both write the same entry.
      `echo sk-test-of-codex-0004 | ${codex} login --with-api-key >/dev/null 2>&1`,
      `${auth} import`,
      `secret-tool search --all service "Codex Auth" 2>/dev/null | grep -c "^label"`,
      `ls | grep -x auth.json`,
    ]);
    const uses = (key: string) =>
      `(?:API key configured|Logged in using an API key) - sk-test-\\*{3}${key}\\n`;
    const pattern = [
      uses("-0001"),
      `[^]*from the system keyring[^]*`,
      uses("-0002"),
      `[^]*Logged in using ChatGPT\\n[^]*`,
      uses("-0001"),
      `[^]*added\\tAPI key [^]*\\n1\\n$`,
    ].join("");
    expect(stdout).toMatch(new RegExp(pattern));
    expect(stderr).not.toContain("error");
  },
  120_000,
);

test.skipIf(why)(
  `--use-file-store takes the login of Codex out of the keyring and into the pool${why}`,
  () => {
    const home = temporaryHome();
    const [version = ""] = versions;
    const codex = `"${codexBinary(version)}"`;
    writeFileSync(join(home, "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
    writeFileSync(join(home, "../key.json"), JSON.stringify({ OPENAI_API_KEY: "sk-test-of-the-pool-0002" }));
    const { stdout } = withKeyring(home, [
      `echo sk-test-of-codex-0001 | ${codex} login --with-api-key >/dev/null 2>&1`,
      `${auth} import ../key.json >/dev/null`,
      `${auth} switch 1 --use-file-store`,
      `${codex} login status 2>&1`,
      `secret-tool search --all service "Codex Auth" | grep -c "^label"`,
      `${auth} switch - >/dev/null`,
      `${codex} login status 2>&1`,
    ]);
    expect(stdout).toMatch(/cli_auth_credentials_store = "file"\.\n[^]*-0002\n[^]*\n0\n[^]*-0001\n/);
  },
  120_000,
);
