import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { endedProcess } from "./faulty-fs.ts";
import { homeWithThree, projectRoot, TestHome } from "./home.ts";

/** What can stand where a file or folder should. /dev/ptmx opens a terminal in which nobody types. */
export const oddKinds = ["pipe", "endless device", "loop of links", "folder", "terminal"] as const;
type OddKind = (typeof oddKinds)[number];

const fixture = (name: string) => fs.readFileSync(join(projectRoot, "fixtures", name));

/** A home with every file that the program may read: what a long life leaves, a killed `exec` and a killed renewal. */
export async function fullHome(): Promise<TestHome> {
  const home = await homeWithThree();
  await home.run(["switch", "2"]);
  const pool = JSON.parse(home.read("codex-auth/pool.json")) as { accounts: { id: string }[] };
  const [first = "", second = ""] = pool.accounts.map(({ id }) => id);
  writeFigures(home, first);
  writeLeftovers(home, first, second);
  writeCodexFiles(home);
  return home;
}

function writeFigures(home: TestHome, id: string): void {
  const limit = { limitId: "codex", window: "primary", usedPercent: 4, windowMinutes: 300, resetsAtMs: null };
  const limits = [{ ...limit, observedAtMs: 1, source: "api" }];
  home.write("codex-auth/limits.json", { version: 1, accounts: { [id]: { limits, availability: null } } });
  home.write("codex-auth/history.jsonl", `{"t":1,"a":"${id}","l":"codex","w":300,"p":1,"o":1}\n`);
  home.write("codex-auth/proxied-sessions", "\nsession-one\n");
  for (const name of ["usage", "history", "limits", "newest"])
    home.write(`codex-auth/sessions/${name}.json`, { version: 1, files: {}, accounts: {} });
}

function writeLeftovers(home: TestHome, first: string, second: string): void {
  const dead = endedProcess();
  home.write("codex-auth/rotation.json", {
    process: dead,
    port: 2,
    key: "k".repeat(32),
    startedAtMs: 1,
    logFile: null,
  });
  home.write("codex-auth/rotation.log", "nothing\n");
  for (const file of ["pool.json", "auth.json", "config.toml"])
    home.write(`codex-auth/backups/repair-20261119T090000000Z/${file}`, "");
  const login = home.read("logins/b.json");
  home.write(`codex-auth/rescue/rescue-${second}-0123456789abcdef.json`, login);
  home.write(`codex-auth/parked/${second}-20261119T090000000Z-0123456789abcdef.json`, login);
  home.write(`codex-auth/homes/${first}-1.owner`, `${JSON.stringify({ ...dead, loginHash: "none" })}\n`);
  home.write(`codex-auth/homes/${first}-1/auth.json`, home.read("logins/c.json"));
  home.write(`codex-auth/homes/${first}-1/made-inside`, "text");
  const record = { ...dead, token: "0123456789abcdef", purpose: "switch", since: "2026-11-20T09:00:00.000Z" };
  for (const name of ["store", `refresh-${first}`])
    home.write(`codex-auth/locks/${name}.lock/owner.json`, record);
}

function writeCodexFiles(home: TestHome): void {
  for (const name of ["auth.lock", "auth.json.lock"]) home.write(name, "");
  for (const name of ["config.toml", "work.config.toml"]) home.write(name, 'model = "gpt-5.5"\n');
  home.write("models_cache.json", { models: [{ slug: "gpt-5.5" }] });
  home.write("log/codex-login.log", "started\n");
  const log = fixture("sessions/direct.jsonl").toString();
  home.write("sessions/2026/11/20/rollout-2026-11-20T09-00-00-one.jsonl", log);
  home.write("archived_sessions/rollout-2026-11-19T09-00-00-two.jsonl", log);
  for (const name of ["state_5.sqlite", "state_5.sqlite-wal"])
    fs.writeFileSync(home.file(name), fixture(`sqlite/${name.replace("state_5", "in-wal")}`));
  home.write(".codex-auth", "dev@team.example\n");
  home.write("certificates.pem", "-----BEGIN CERTIFICATE-----\n");
  home.write("program/codex", "#!/bin/sh\n# something else\n");
  home.write("program/package.json", { name: "@openai/codex", version: "0.171.0" });
  fs.chmodSync(home.file("program/codex"), 0o755);
}

/** Where commands do without what stands there: they put it aside, make it anew or pass it over. */
export const sparePaths =
  /^codex-auth\/(homes\/.|rescue\/.|limits\.json|history\.jsonl|proxied-sessions|sessions\/|parked\/|locks\/|rotation|code-cache)|^(log|program|models_cache|work\.config|certificates|state_5|sessions\/|archived_sessions\/)/;

/** With a codex on PATH and a file of certificates that are in the home too. */
export function environment(home: TestHome): Record<string, string> {
  const path = `${home.file("program")}:${process.env["PATH"]}`;
  return { CODEX_CA_CERTIFICATE: home.file("certificates.pem"), PATH: path };
}

export function copyOf(home: TestHome): TestHome {
  const copy = new TestHome();
  fs.cpSync(home.path, copy.path, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return copy;
}

/** Puts something else in the place of a file or folder. */
export function putOdd(home: TestHome, name: string, kind: OddKind): void {
  const path = home.file(name);
  fs.rmSync(path, { recursive: true, force: true });
  fs.mkdirSync(dirname(path), { recursive: true });
  if (kind === "pipe") execFileSync("mkfifo", [path]);
  if (kind === "endless device") fs.symlinkSync("/dev/zero", path);
  if (kind === "loop of links") fs.symlinkSync(path, path);
  if (kind === "folder") fs.mkdirSync(path);
  if (kind === "terminal") fs.symlinkSync("/dev/ptmx", path);
}
