import * as fs from "node:fs";
import { expect, test } from "vitest";
import { baseUrlForeign } from "../../../src/doctor/checks/rotation.ts";
import type { Facts } from "../../../src/doctor/facts.ts";
import { TestHome } from "../../support/home.ts";

const own = process.getuid?.() ?? 0;
const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (address: string, port: number, uid: number, state = "0A") =>
  `   0: ${address}:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 12345 1 0000000000000000 100 0 0 10 0\n`;
const loopback = "0100007F";
const everywhere = "00000000";

interface Machine {
  listeners: string;
  config?: object;
  env?: Record<string, string>;
  commandLine?: string;
}

/** What is found where these listen, and Codex is sent somewhere. */
async function look({ listeners, config = {}, env = {}, commandLine }: Machine) {
  const home = new TestHome();
  const told = new Map([
    ["/proc/net/tcp", home.write("tcp", head + listeners)],
    ["/proc/net/tcp6", home.write("tcp6", head)],
    ["/proc/77/cmdline", home.write("cmdline", commandLine ?? "")],
  ]);
  const openSync = (path: string, flags: number) => fs.openSync(told.get(path) ?? path, flags);
  // There may be no process 77 on the machine of the tests.
  const statSync = (path: string) => fs.statSync(told.get(path) ?? path);
  const scene = {
    ctx: {
      fs: { ...fs, openSync, statSync },
      platform: "linux",
      env,
      processes: () => (commandLine === undefined ? [] : [{ pid: 77, kind: "session", startedAt: "" }]),
    },
    paths: { configFile: home.file("config.toml") },
    config: { tree: config, text: "" },
  };
  const looked = await baseUrlForeign.look(scene as unknown as Facts);
  return "skipped" in looked ? [] : looked;
}

const there = { openai_base_url: "http://127.0.0.1:4321/v1" };
const foreign = row(loopback, 4321, own + 1);

// After `rotation stop` another user listened there, and a Codex that still had the address gave it its token.
test("the address in config.toml whose port another user holds is found", async () => {
  const [found] = await look({ listeners: foreign, config: there });
  expect(found?.message).toContain(`Port 4321 of this machine is held by another user (uid ${own + 1})`);
});

test("the address on the command line of a running Codex is found, and how to end it", async () => {
  const [found] = await look({
    listeners: foreign,
    commandLine: 'codex\0-c\0openai_base_url="http://127.0.0.1:4321/v1"\0',
  });
  expect(found).toMatchObject({ command: "kill 77" });
});

test("the address in OPENAI_BASE_URL is found", async () => {
  const [found] = await look({ listeners: foreign, env: { OPENAI_BASE_URL: "http://127.0.0.1:4321/v1" } });
  expect(found).toMatchObject({ command: "unset OPENAI_BASE_URL" });
});

test("a listener on every address of another user counts, unless one of ours has 127.0.0.1 itself", async () => {
  const all = row(everywhere, 4321, own + 1);
  expect(await look({ listeners: all, config: there })).toHaveLength(1);
  expect(await look({ listeners: all + row(loopback, 4321, own), config: there })).toEqual([]);
});

test.each([
  ["our own listener", row(loopback, 4321, own)],
  ["nobody", ""],
  ["another port", row(loopback, 4322, own + 1)],
  ["a connection that is no listener", row(loopback, 4321, own + 1, "01")],
  ["a listener on another address", row("0100A8C0", 4321, own + 1)],
])("%s is no finding", async (_, listeners) => {
  expect(await look({ listeners, config: there })).toEqual([]);
});

test.each(["https://gateway.example/v1", "http://10.0.0.1:4321/v1", "http://127.0.0.1.example:4321/v1"])(
  "%s is not of this machine",
  async (url) => {
    expect(await look({ listeners: foreign, config: { openai_base_url: url } })).toEqual([]);
  },
);
