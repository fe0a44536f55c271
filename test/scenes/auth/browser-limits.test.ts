import * as fs from "node:fs";
import { expect, test } from "vitest";
import { browserLogin, busyPortsError } from "../../../src/auth/sign-in/browser.ts";
import type { LoginContext } from "../../../src/auth/sign-in/issuer.ts";
import type { FileSystem } from "../../../src/machine/file-system.ts";
import { sleep } from "../../../src/process/signals.ts";
import { testNowMs } from "../../support/fake-context.ts";
import { startFake } from "../../support/login.ts";
import { withMadeUpFiles } from "../../support/made-up-files.ts";

/** In this process, on a free port. */
async function signIn(allowed: Partial<LoginContext>) {
  const fake = await startFake();
  const said: string[] = [];
  const ctx: LoginContext = {
    fetch: (url, init) => fetch(url, init),
    now: () => testNowMs,
    sleep,
    say: (text) => void said.push(text),
    openUrl: async (url) => void (await fetch(url)),
    stop: new AbortController().signal,
    fs,
    ...allowed,
  };
  const running = browserLogin(ctx, { issuer: fake.url, workspaceId: null, ports: [0] });
  return { fake, said, running };
}

test("a browser that cannot be opened does not end the login", async () => {
  const openUrl = () => Promise.reject(new Error("no browser"));
  const { said, running } = await signIn({ openUrl });
  await expect.poll(() => said.join("\n")).toContain("open the address yourself");
  const url = said.find((line) => line.includes("/oauth/authorize?"))?.trim() ?? "";
  await fetch(url);
  expect(await running).toMatchObject({ kind: "chatgpt", email: "a@example.com" });
});

test("after five minutes the login ends and its port is free", async () => {
  const waits: number[] = [];
  let redirectUri = "";
  const { running } = await signIn({
    sleep: (ms) => Promise.resolve(void waits.push(ms)),
    openUrl: (url) =>
      Promise.resolve(void (redirectUri = new URL(url).searchParams.get("redirect_uri") ?? "")),
  });
  await expect(running).rejects.toMatchObject({
    code: "login_timed_out",
    message: "Nobody signed in within 5 minutes.",
  });
  expect(waits).toEqual([300_000]);
  await expect(fetch(redirectUri)).rejects.toThrow("fetch failed");
});

test("a login that ended in time leaves no timer behind", async () => {
  let isEarly = false;
  const { running } = await signIn({
    sleep: async (ms, signal) => {
      await sleep(ms, signal);
      isEarly = signal?.aborted ?? false;
    },
  });
  await running;
  expect(isEarly).toBe(true);
});

test.each([
  ["/usr/bin/ssh\0-L\x001455:localhost:1455\0host", "ssh 4242, an ssh tunnel"],
  ["sshd: ada@pts/0", "sshd 4242, an ssh tunnel"],
  ["/usr/bin/node\0/usr/bin/codex\0login", "codex 4242, perhaps another login that waits"],
  ["node\0--inspect\0secret.js", "node 4242"],
  ["python3\0/srv/server.py\0--token=marked", "server.py 4242"],
])("the holder of a port is named: %j", (cmdline, expected) => {
  const { message } = busyPortsError(procOf(cmdline), [1455]);
  expect(message).toBe(`The browser cannot hand the login back: its ports are in use (1455 by ${expected}).`);
});

test("a holder that the system does not show is not guessed", () => {
  expect(busyPortsError(procOf(null), [1455]).message).toContain("1455 by a program of another user");
  expect(busyPortsError(procOf(null), [1457]).message).toContain(
    "1457 by another program: see lsof -i :1457",
  );
});

/** A /proc where port 1455 belongs to process 4242, or to nobody whom we may see. */
function procOf(cmdline: string | null): FileSystem {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:05AF 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000 0 111 1 0",
    "   1: 0100007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 777 1 0",
  ].join("\n");
  const files = new Map([
    ["/proc/net/tcp", table],
    ["/proc/4242/cmdline", cmdline ?? ""],
  ]);
  const folders = new Map([
    ["/proc", ["1", "4242", "self"]],
    ["/proc/4242/fd", cmdline === null ? [] : ["0", "3"]],
  ]);
  const look = <T>(found: T | undefined): T => {
    if (found === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    return found;
  };
  return {
    ...fs,
    ...(withMadeUpFiles((path) => look(files.get(path))) as Pick<FileSystem, "openSync" | "statSync">),
    readdirSync: ((path: string) => look(folders.get(path))) as FileSystem["readdirSync"],
    readlinkSync: ((path: string) =>
      path.endsWith("/3") ? "socket:[777]" : "/dev/null") as FileSystem["readlinkSync"],
  };
}
