import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { CodexProcess } from "../../../src/machine/codex-processes.ts";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { identityOf } from "../../../src/machine/processes.ts";
import { fingerprint } from "../../../src/pool/account.ts";
import { tryLockLikeCodex } from "../../../src/store/locks/codex-locks.ts";
import { accountOf, stateOf } from "../../support/store-changes.ts";
import {
  type Home,
  homeWith,
  poolOf,
  runProcess,
  seat,
  start,
  storeOf,
  writeAuth,
} from "../../support/store-home.ts";
import { leftovers } from "../../support/tree.ts";

const codex: CodexProcess = { pid: 1, kind: "exec", startedAt: "2026-01-01T00:00:00.000Z" };
const onA = "label-a label-b; active label-a; live label-a";
const onB = "label-a label-b; active label-b; live label-b";
const ended = { issuedAt: Math.floor(Date.now() / 1000) - 7200, expiresInSec: 7000 };

/** a is live, and its access token has ended: a Codex that runs would renew it. */
async function homeAtRisk(): Promise<Home> {
  const home = await homeWith(["a", "b"]);
  writeAuth(home, seat("a", { ...ended, refreshToken: "rt_a" }));
  await storeOf(home).transaction("fill", ({ pool }) => {
    for (const account of pool.accounts)
      if (account.label === "label-a") account.auth = seat("a", { ...ended, refreshToken: "rt_a" });
  });
  expect(stateOf(home)).toBe(onA);
  fs.rmSync(home.paths.backupsDir, { recursive: true });
  return home;
}

function switchToB(store: ReturnType<typeof storeOf>, options: { ignoresCodex?: boolean } = {}) {
  return store.transaction("switch", (transaction) =>
    transaction.activate(accountOf(transaction, "label-b"), options),
  );
}

/** The real file system, which tells what auth.json is at every rename that happens beside or onto it. */
function watched(home: Home, onRename: (to: string) => void): FileSystem {
  return {
    ...fs,
    renameSync: (from: fs.PathLike, to: fs.PathLike) => {
      fs.renameSync(from, to);
      onRename(String(to).replace(home.dir, ""));
    },
  };
}

// Found: 36 of 60 tokens were lost on a slow disk, because nobody looked again between the first look and the rename.
test("a Codex that starts during a switch keeps its file as it was, and the switch waits for it", async () => {
  const home = await homeAtRisk();
  const before = fs.readFileSync(home.paths.authFile, "utf8");
  let running: CodexProcess[] = [];
  const seen: string[] = [];
  const watcher = watched(home, (to) => {
    if (to === "/codex-auth/pool.json" && seen.length === 0) running = [codex];
    if (to.endsWith("auth.json")) seen.push(fs.readFileSync(home.paths.authFile, "utf8"));
  });
  const store = storeOf(home, { fs: watcher, processes: () => running });
  const switching = switchToB(store);
  await expect.poll(() => seen.length).toBe(2);
  await setTimeout(300);
  expect(seen[0]).toContain('"refresh_token": ""');
  expect(seen[1]).toBe(before);
  expect(stateOf(home)).toBe(onA);
  // Codex saves its new token, and ends.
  const renewed = seat("a", { refreshToken: "rt_new" });
  writeAuth(home, renewed);
  running = [];
  await switching;
  expect(stateOf(home)).toBe(onB);
  expect(poolOf(home).accounts[0]?.login.refreshToken).toBe("rt_new");
  expect(leftovers(home)).toEqual([]);
});

test("without a running Codex a lease lies in auth.json before the other login does", async () => {
  const home = await homeAtRisk();
  const tokens: string[] = [];
  const watcher = watched(home, (to) => {
    if (to.endsWith("/auth.json"))
      tokens.push(JSON.parse(fs.readFileSync(home.paths.authFile, "utf8")).tokens.refresh_token);
  });
  await switchToB(storeOf(home, { fs: watcher, processes: () => [] }));
  expect(tokens).toEqual(["", poolOf(home).accounts[1]?.login.refreshToken]);
  expect(stateOf(home)).toBe(onB);
});

test("where Codex does not end, the switch is refused after ten seconds with nothing changed", async () => {
  const home = await homeAtRisk();
  const files = () => [home.paths.authFile, home.paths.poolFile].map((path) => fs.readFileSync(path, "utf8"));
  const before = files();
  const startMs = Date.now();
  const waits: number[] = [];
  const onWait = ({ leftMs }: { leftMs: number }) => void waits.push(leftMs);
  const store = storeOf(home, { processes: () => [codex], onWait });
  await expect(switchToB(store)).rejects.toMatchObject({
    code: "login_in_use",
    message: expect.stringMatching(/^Codex runs \(exec 1\) and may be renewing .*a@example\.com/) as string,
    hint: expect.stringMatching(/^Nothing was changed\./) as string,
  });
  expect(Date.now() - startMs).toBeGreaterThan(9_000);
  expect(files()).toEqual(before);
  expect(waits.at(-1)).toBe(0);
});

test.each([
  ["its access token lasts", { expiresInSec: 86_400 }, {}],
  ["it is told to", ended, { ignoresCodex: true }],
])("a running Codex does not hold a switch up when %s", async (_, login, options) => {
  const home = await homeAtRisk();
  writeAuth(home, seat("a", { ...login, refreshToken: "rt_now" }));
  await switchToB(storeOf(home, { processes: () => [codex] }), options);
  expect(stateOf(home)).toBe(onB);
});

test("a token without an end is one that Codex renews after eight days", async () => {
  const { mayCodexRenew } = await import("../../../src/codex/login-documents.ts");
  const { keptLogin } = await import("../../../src/codex/auth-json.ts");
  const nowMs = Date.now();
  const daysAgo = (days: number) => new Date(nowMs - days * 86_400_000).toISOString();
  const login = (lastRefresh: string) => {
    const document = seat("a", { lastRefresh });
    return keptLogin({ ...document, tokens: { ...document.tokens, access_token: "opaque" } });
  };
  expect([1, 7, 9].map((days) => mayCodexRenew(login(daysAgo(days)), nowMs))).toEqual([false, false, true]);
  const leftSec = (sec: number) =>
    keptLogin(seat("a", { issuedAt: Math.floor(nowMs / 1000) - 100, expiresInSec: 100 + sec }));
  expect([-60, 299, 420].map((sec) => mayCodexRenew(leftSec(sec), nowMs))).toEqual([true, true, false]);
});

/** A renewal of ours that holds Codex's lock, in a process of its own. */
async function renewing(home: Home, label = "label-a"): Promise<{ pid: number; end: () => void }> {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid ?? 0;
  await storeOf(home).transaction("renew", (transaction) => {
    const account = accountOf(transaction, label);
    const startedAt = new Date().toISOString();
    const token = fingerprint(account.login.refreshToken);
    account.refresh = {
      kind: "intent",
      fingerprint: token,
      startedAt,
      attempts: 0,
      process: identityOf(pid),
    };
  });
  const release =
    label === "label-b"
      ? null
      : await tryLockLikeCodex({ fs, sleep: (ms) => setTimeout(ms) }, [home.paths.authLock]);
  const end = () => {
    release?.();
    child.kill();
  };
  onTestFinished(end);
  return { pid, end };
}

// Found: a renewal of ours that took longer than ten seconds was called "most likely a running Codex".
test("a renewal of ours is named and waited for, longer than for a Codex", async () => {
  const home = await homeAtRisk();
  const { pid, end } = await renewing(home);
  const startMs = Date.now();
  const switching = runProcess(home, ["switch", "label-b"]);
  await setTimeout(12_000);
  end();
  const { code, stderr } = await switching;
  expect(Date.now() - startMs).toBeGreaterThan(12_000);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      new RegExp(
        `^codex-auth is renewing the token of .*a@example.com.* \\(process ${pid}\\); waiting for it: up to 2 min`,
      ),
    ),
  ]);
  expect(stateOf(home)).toBe(onB);
});

test("remove waits for a renewal of ours, so that its new token is not orphaned", async () => {
  const home = await homeAtRisk();
  const { end } = await renewing(home, "label-b");
  const child = start(home, ["remove", "label-b"]);
  await setTimeout(1500);
  expect(child.exitCode).toBe(null);
  expect(poolOf(home).accounts).toHaveLength(2);
  end();
  await expect.poll(() => child.exitCode).toBe(0);
});

/** A process of this home that is named as Codex is. */
function pretendCodex(home: Home): () => void {
  const program = join(home.root, "codex");
  fs.copyFileSync(spawnSync("sh", ["-c", "command -v sleep"], { encoding: "utf8" }).stdout.trim(), program);
  fs.chmodSync(program, 0o755);
  const child = spawn(program, ["60"], { env: home.env });
  onTestFinished(() => void child.kill());
  return () => void child.kill();
}

test("switch says who is in the way, and what --now may cost", async () => {
  const home = await homeAtRisk();
  pretendCodex(home);
  const refused = await runProcess(home, ["switch", "label-b"]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/waiting for it: up to 10 s\./);
  expect(refused.stderr).toMatch(/Nothing was changed\..*\n.*--now/);
  expect(stateOf(home)).toBe(onA);
  const forced = await runProcess(home, ["switch", "label-b", "--now"]);
  expect(forced).toMatchObject({ code: 0 });
  expect(forced.stderr).toMatch(
    /^Not waiting, although a running Codex \(session \d+\) may be renewing .* its new token is lost/,
  );
  expect((await runProcess(home, ["switch", "--help"])).stdout.replaceAll(/\s+/g, " ")).toMatch(
    /--now do not wait .* its new token may be lost/,
  );
});

test("remove --force goes on, says what may be lost, and its undo marks the token as unclear", async () => {
  const home = await homeAtRisk();
  const end = pretendCodex(home);
  const removed = await runProcess(home, ["remove", "label-a", "--force"]);
  expect(removed).toMatchObject({ code: 0 });
  expect(removed.stdout).toMatch(/a running Codex .* may be renewing .* the new token is lost/);
  end();
  expect(await runProcess(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0 });
  expect(poolOf(home).accounts.find(({ label }) => label === "label-a")?.refresh).toMatchObject({
    kind: "uncertain",
  });
});

// Found: the backup held the token that Codex had spent, and the new one went with auth.json.
test("the undo of a removal brings back the token that Codex had renewed before", async () => {
  const home = await homeWith(["a", "b"]);
  writeAuth(home, seat("a", { issuedAt: Math.floor(Date.now() / 1000) + 60, refreshToken: "rt_new" }));
  expect(await runProcess(home, ["remove", "label-a", "--force"])).toMatchObject({ code: 0 });
  expect(await runProcess(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0 });
  const back = poolOf(home).accounts.find(({ label }) => label === "label-a");
  expect(back?.login.refreshToken).toBe("rt_new");
});

test("an older backup brings an account back with the newest token of all, never with a used-up one", async () => {
  const home = await homeWith(["a", "b"]);
  await runProcess(home, ["remove", "label-b"]);
  await runProcess(home, ["backup", "restore", "latest"]);
  const [, oldest] = storeOf(home).backups();
  const nowSec = Math.floor(Date.now() / 1000);
  await storeOf(home).transaction("renew", (transaction) => {
    const account = accountOf(transaction, "label-b");
    account.spent.push(fingerprint(account.login.refreshToken));
    account.auth = seat("b", { issuedAt: nowSec + 60, refreshToken: "rt_b2" });
  });
  await runProcess(home, ["remove", "label-b"]);
  expect(await runProcess(home, ["backup", "restore", oldest?.name ?? ""])).toMatchObject({ code: 0 });
  expect(poolOf(home).accounts.find(({ label }) => label === "label-b")?.login.refreshToken).toBe("rt_b2");
  // Now that one too is used up, and the next is nowhere.
  await storeOf(home).transaction("renew", (transaction) => {
    const account = accountOf(transaction, "label-b");
    account.spent.push(fingerprint("rt_b2"));
  });
  await runProcess(home, ["remove", "label-b"]);
  expect(await runProcess(home, ["backup", "restore", "latest"])).toMatchObject({ code: 0 });
  const back = poolOf(home).accounts.find(({ label }) => label === "label-b");
  expect(back?.flag).toMatchObject({ reason: "spent" });
});
