import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type AskWith, codexEntry, keyringOf } from "../../../src/machine/systems/keyring.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { projectRoot } from "../../support/home.ts";

const entry = { service: "codex-auth", account: "pool|0123456789abcdef" };

interface Asked {
  program: string;
  args: readonly string[];
  input: string | undefined;
}

/** Answers in turn, and keeps what was asked. */
function answering(...answers: ReturnType<AskWith>[]): {
  ask: AskWith;
  asked: Asked[];
} {
  const asked: Asked[] = [];
  const ask: AskWith = (program, args, input) => {
    asked.push({ program, args, input });
    return answers.shift() ?? { status: null, stdout: "" };
  };
  return { ask, asked };
}

test("no secret stands in a command line, on any system", () => {
  for (const platform of ["linux", "darwin"]) {
    const { ask, asked } = answering({ status: 0, stdout: "" });
    expect(keyringOf(platform, ask)?.write(entry, "the-secret")).toBeNull();
    expect(asked.map(({ args }) => args.join(" ")).join(" ")).not.toContain("the-secret");
    expect(asked.map(({ input }) => input).join("")).toContain("the-secret");
  }
  expect(keyringOf("win32", () => ({ status: 0, stdout: "" }))).toBeNull();
});

// Exit codes and forms as the manual of security(1) has them: 44 is errSecItemNotFound, what is no plain text comes as
// hexadecimal digits.
test.each([
  ["a secret", { status: 0, stdout: "c2VjcmV0\n" }, { kind: "secret", text: "c2VjcmV0" }],
  [
    "a secret with line ends",
    { status: 0, stdout: `${Buffer.from('{\n"tokens": 1}\n').toString("hex")}\n` },
    { kind: "secret", text: '{\n"tokens": 1}\n' },
  ],
  ["no entry", { status: 44, stdout: "" }, { kind: "absent" }],
  ["a keychain that stays locked", { status: 36, stdout: "" }, { kind: "locked" }],
  ["no security program", { status: null, stdout: "", isMissing: true }, { kind: "unreachable" }],
])("the keychain of macOS: %s", (_, answer, reading) => {
  expect(keyringOf("darwin", answering(answer).ask)?.read(entry)).toMatchObject(reading);
});

// What others measured: https://github.com/uwuclxdy/clauth/issues/76. Half of the secret was stored, the rest was shown.
test("a line that `security -i` would cut in two is not given to it", () => {
  const { ask, asked } = answering({ status: 0, stdout: "" }, { status: 0, stdout: "" });
  const keychain = keyringOf("darwin", ask);
  const lengthOf = (text: string) => {
    asked.length = 0;
    const why = keychain?.write(entry, text);
    return why === null ? Buffer.byteLength(asked[0]?.input ?? "") : why;
  };
  const around = Number(lengthOf("")) || 0;
  expect(lengthOf("x".repeat(4095 - around))).toBe(4095);
  expect(lengthOf("x".repeat(4096 - around))).toContain("longer than the 4 kB");
  expect(asked).toEqual([]);
});

test("words with quotes and backslashes reach `security -i` whole", () => {
  const { ask, asked } = answering({ status: 0, stdout: "" });
  keyringOf("darwin", ask)?.write(entry, '{"a":"b\\n"}');
  expect(asked[0]?.input).toContain('"-w" "{\\"a\\":\\"b\\\\n\\"}"\n');
});

test.each([
  ["no entry", 1, { status: 0, stdout: "" }, "absent"],
  ["a part that is locked", 1, { status: 0, stdout: "[/1]\nlabel = x\n" }, "locked"],
  ["no bus", 1, { status: 1, stdout: "" }, "unreachable"],
  ["a question that nobody answers", null, { status: 0, stdout: "" }, "locked"],
])("the Secret Service: %s", (_, status, search, kind) => {
  const { ask } = answering({ status, stdout: "" }, search);
  expect(keyringOf("linux", ask)?.read(entry)).toMatchObject({ kind });
});

test("a machine without secret-tool is told its package", () => {
  const { ask } = answering({ status: null, stdout: "", isMissing: true });
  expect(keyringOf("linux", ask)?.read(entry)).toMatchObject({
    kind: "unreachable",
    why: expect.stringContaining("libsecret-tools") as string,
  });
});

const programs = ["secret-tool", "gnome-keyring-daemon", "dbus-run-session"];
const missing = programs.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
const why = missing.length > 0 ? ` (skipped: there is no ${missing.join(", ")})` : "";

/** Runs a shell script with a session bus and a gnome-keyring of its own, so that nobody's real keyring is touched. */
function withKeyring(root: string, script: readonly string[]): { stdout: string; stderr: string } {
  mkdirSync(join(root, "run"), { mode: 0o700 });
  const env = { PATH: process.env["PATH"], HOME: root, XDG_RUNTIME_DIR: join(root, "run"), LANG: "C.UTF-8" };
  const unlock = "printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
  const words = ["--", "sh", "-c", [unlock, ...script].join("\n")];
  return spawnSync("dbus-run-session", words, { env, encoding: "utf8", timeout: 60_000 });
}

/** The home of a user with these logins, a letter each; the first one is Codex's. */
function userWith(logins: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "codex-auth-keyring-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [index, name] of logins.entries()) {
    const folder = join(root, index === 0 ? ".codex" : "more");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const document = forgeAuthJson({ email: `${name}@x.example`, userId: name, accountId: name });
    writeFileSync(join(folder, "auth.json"), JSON.stringify(document), { mode: 0o600 });
  }
  return root;
}

const auth = `"${process.execPath}" "${join(projectRoot, "bin/codex-auth")}"`;

test.skipIf(why)(`seal and later commands with a key in a real gnome-keyring${why}`, () => {
  const { stdout, stderr } = withKeyring(userWith(["a"]), [
    `${auth} import >/dev/null`,
    `${auth} seal`,
    `${auth} label 1 work`,
    // Locked, or another keyring: here the entry is simply gone.
    "secret-tool clear service codex-auth",
    `${auth} list`,
  ]);
  expect(stdout).toMatch(
    /^Sealed 1 file, with key [0-9a-f]{8} from the keyring\.\n.* is now called work\.\n$/,
  );
  expect(stderr).toContain("The pool is sealed, with a key from the keyring, and that key is not here.");
});

// `switch` told of a change that Codex never saw, and `status` of a login that it did not use.
test.skipIf(why)(`with "auto", a login in a real gnome-keyring is the one that is switched${why}`, () => {
  const root = userWith(["a", "b"]);
  const { account } = codexEntry(realpathSync(join(root, ".codex")));
  const { stdout, stderr } = withKeyring(root, [
    `${auth} import "$HOME/more/auth.json" >/dev/null`,
    `printf 'cli_auth_credentials_store = "auto"' > "$HOME/.codex/config.toml"`,
    // As the real Codex stores it; see codexEntry.
    `secret-tool store --label=x service "Codex Auth" username '${account}' target default application rust-keyring < "$HOME/.codex/auth.json"`,
    `rm "$HOME/.codex/auth.json"`,
    `${auth} status`,
    `${auth} switch b@x.example`,
    `secret-tool lookup service "Codex Auth" username '${account}' | cut -c1-30`,
    `ls "$HOME/.codex" | grep -x auth.json`,
    `${auth} exec b@x.example -- true && echo exec works`,
    `secret-tool clear service "Codex Auth"`,
    `${auth} switch a@x.example`,
  ]);
  expect(stdout).toMatch(/^a@x\.example\nfrom the system keyring/m);
  expect(stdout).toMatch(
    /The login is in the keyring, where Codex keeps it here\.\n(?:.*\n)*\{"[^\n]*\nexec works\nSwitched to a@x\.example\.\n$/,
  );
  expect(stderr).not.toContain("Codex reads auth.json only");
});

// A keyring that is locked, and nobody who would unlock it.
test.skipIf(why)(`a locked gnome-keyring refuses, and keeps pool and entry as they are${why}`, () => {
  const root = userWith(["a", "b"]);
  const { account } = codexEntry(realpathSync(join(root, ".codex")));
  const collection = "/org/freedesktop/secrets/collection/login";
  const { stdout, stderr } = withKeyring(root, [
    `printf 'cli_auth_credentials_store = "keyring"' > "$HOME/.codex/config.toml"`,
    `secret-tool store --label=x service "Codex Auth" username '${account}' target default application rust-keyring < "$HOME/.codex/auth.json"`,
    `${auth} import "$HOME/more/auth.json" >/dev/null`,
    `${auth} import >/dev/null`,
    `dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock array:objpath:${collection} >/dev/null`,
    `cp "$HOME/.codex/codex-auth/pool.json" "$HOME/before"`,
    `${auth} switch b@x.example || echo refused`,
    `${auth} remove b@x.example >/dev/null && ${auth} backup restore latest >/dev/null && echo the pool works`,
    `${auth} list`,
  ]);
  expect(stdout).toMatch(/^refused\nthe pool works\n/);
  expect(stdout.split("\n").filter((line) => line.includes("@x.example"))).toHaveLength(2);
  expect(stderr).toContain("The keyring, where Codex keeps its login, cannot be used: it is locked.");
});
