import { once } from "node:events";
import * as fs from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { isForeignClient } from "../../src/machine/ports.ts";
import { TestHome } from "../support/home.ts";

test("a client of another user is foreign; one of root, or of nobody known, is not", () => {
  const row = (from: string, uid: number) =>
    `   1: 0100007F:${from} 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  ${uid}        0 77 1 0\n`;
  const table = new TestHome().write("tcp", row("1F90", 1001) + row("1F91", 0) + row("1F92", 1000));
  const openSync = (path: string, flags: number) =>
    fs.openSync(path === "/proc/net/tcp" ? table : path, flags);
  const told = { ...fs, openSync } as typeof fs;
  const isForeign = (from: number, own: number) => isForeignClient(told, { from, to: 40_000 }, own);
  expect([8080, 8081, 8082, 8083].map((from) => isForeign(from, 1000))).toEqual([true, false, false, false]);
  expect([8080, 8081].map((from) => isForeign(from, 0))).toEqual([true, false]);
});

test.runIf(process.platform === "linux")("the kernel tells who has connected", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  await once(client, "connect");
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const lines = fs.readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  const ends = { from: client.localPort ?? 0, to: port };
  // Where the tests run as root their own client is let in as root's; for everybody else it is a stranger's.
  expect(lines.length).toBeGreaterThan(1);
  const own = process.getuid?.() ?? 0;
  expect(isForeignClient(fs, ends, own + 1)).toBe(own !== 0);
  expect(isForeignClient(fs, ends, own)).toBe(false);
});
