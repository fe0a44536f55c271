import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isIdle } from "../../../src/machine/systems/linux.ts";

test("a process is idle when it has no connection, does not work and holds no lock of auth.json", async () => {
  const sleeping = spawn("sleep", ["60"]);
  const working = spawn("sh", ["-c", "while :; do :; done"]);
  const folder = fs.mkdtempSync(join(tmpdir(), "codex-auth-idle-"));
  const locking = spawn("sh", ["-c", `exec 9>'${folder}/auth.lock'; exec sleep 60`]);
  onTestFinished(() => {
    for (const child of [sleeping, working, locking]) child.kill("SIGKILL");
    fs.rmSync(folder, { recursive: true });
  });
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  // Each takes its time to get there.
  const idle = () => [sleeping, working, locking].map(({ pid = 0 }) => isIdle(pid));
  await expect.poll(idle).toEqual([true, false, false]);
  expect(isIdle(2 ** 22 - 1)).toBe(false);
  const client = createConnection(port, "127.0.0.1");
  await once(client, "connect");
  expect(isIdle(process.pid)).toBe(false);
  client.destroy();
  server.close();
});
