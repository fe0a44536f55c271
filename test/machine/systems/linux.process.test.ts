import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { isIdle } from "../../../src/machine/systems/linux.ts";

test("a process is idle when it has no connection, does not work and holds no lock of auth.json", async () => {
  const sleeping = spawn("sleep", ["60"]);
  const working = spawn("sh", ["-c", "while :; do :; done"]);
  const lock = "/tmp/codex-auth-idle-test/auth.lock";
  fs.mkdirSync("/tmp/codex-auth-idle-test", { recursive: true });
  const locking = spawn("sh", ["-c", `exec 9>${lock}; exec sleep 60`]);
  onTestFinished(() => {
    for (const child of [sleeping, working, locking]) child.kill("SIGKILL");
    fs.rmSync("/tmp/codex-auth-idle-test", { recursive: true });
  });
  const server = createServer().listen(0, "127.0.0.1");
  await setTimeout(300);
  const { port } = server.address() as AddressInfo;
  expect([sleeping, working, locking].map(({ pid = 0 }) => isIdle(pid))).toEqual([true, false, false]);
  expect(isIdle(2 ** 22 - 1)).toBe(false);
  const client = createConnection(port, "127.0.0.1");
  await setTimeout(100);
  expect(isIdle(process.pid)).toBe(false);
  client.destroy();
  server.close();
});
