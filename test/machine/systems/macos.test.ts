import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { macos } from "../../../src/machine/systems/macos.ts";
import type { Ask } from "../../../src/machine/systems/system.ts";

/** A Mac whose programs print this. */
function mac(printed: Record<string, string>): ReturnType<typeof macos> {
  return macos((program, args) => printed[[program, ...args].join(" ")] ?? null);
}

const list = "/bin/ps -xww -o pid=,lstart=,ucomm=";
const commandOf = (pid: number) => `/bin/ps -ww -o command= -p ${pid}`;
const environmentOf = (pid: number) => `/bin/ps -Eww -o command= -p ${pid}`;

// The form of lstart and of the paths is that of a recording in github.com/openclaw/openclaw/issues/154865 (macOS,
// Codex of npm), with blanks in the path of Zed as its documentation has it, and the names that
// github.com/Lampese/codex-switcher/pull/67 saw of the desktop app.
const npm =
  "/Users/ada/.npm/lib/node_modules/@openai/codex/node_modules/@openai/codex-darwin-arm64/vendor/aarch64-apple-darwin/bin/codex";
const printed = {
  [list]: [
    "    1 Sun Sep 20 08:00:01 2026 launchd",
    "14151 Sun Sep 20 22:36:56 2026 node",
    "14158 Sun Sep 20 22:36:56 2026 codex",
    "16287 Sun Sep  6 02:46:45 2026 codex",
    "  501 Sun Sep 20 22:50:00 2026 codex-acp",
    "  502 Sun Sep 20 22:50:00 2026 Codex (Renderer)",
    "  503 Sun Sep 20 22:50:00 2026 Codex",
    "",
  ].join("\n"),
  [commandOf(14158)]: `${npm} -c cli_auth_credentials_store="ephemeral" app-server --listen stdio://\n`,
  [commandOf(501)]:
    "/Users/ada/Library/Application Support/Zed/external_agents/registry/codex-acp/v_0.13.0/codex-acp\n",
};

test("ps lists the programs that are asked for; one that has ended meanwhile is left out", () => {
  const startedAt = new Date("Sun Sep 20 22:36:56 2026").toISOString();
  expect(mac(printed).programs(["codex", "codex-acp"])).toEqual([
    {
      pid: 14158,
      program: npm,
      args: ["-c", 'cli_auth_credentials_store="ephemeral"', "app-server", "--listen", "stdio://"],
      startedAt,
    },
    {
      pid: 501,
      program:
        "/Users/ada/Library/Application Support/Zed/external_agents/registry/codex-acp/v_0.13.0/codex-acp",
      args: [],
      startedAt: new Date("Sun Sep 20 22:50:00 2026").toISOString(),
    },
  ]);
});

// The manual of ps: "-E  Display the environment as well", which it puts after the command.
test.each([
  ["TERM=xterm CODEX_HOME=/Users/ada/My Files/codex USER=ada", "/Users/ada/My Files/codex"],
  ["HOME=/Users/ada USER=ada", "/Users/ada/.codex"],
  ["USER=ada CODEX_HOME=/x", "/x"],
  ["USER=ada", null],
])("ps -E tells CODEX_HOME: %s", (environment, home) => {
  const command = "codex exec write HOME=1 to a file";
  const system = mac({
    [commandOf(7)]: `${command}\n`,
    [environmentOf(7)]: `${command} ${environment}\n`,
  });
  expect(system.codexHomeOf(7)).toBe(home);
});

test("where ps does not show the environment, or is not there, nothing is known", () => {
  expect(mac({ [commandOf(7)]: "codex\n" }).codexHomeOf(7)).toBeUndefined();
  expect(mac({}).programs(["codex"])).toBeNull();
});

// The fields of lsof -F as its manual (section OUTPUT FOR OTHER PROGRAMS) gives them.
test("lsof tells who listens, and where", () => {
  const text =
    "p812\ncnode\nu501\nLada\nf23\nn127.0.0.1:1455\nf24\nn[::1]:1457\np90\ncControlCenter\nu501\nf9\nn*:7000\n";
  const system = mac({ "/usr/sbin/lsof -nP +c0 -iTCP -sTCP:LISTEN -FpcuLn": text });
  expect(system.listeners()).toEqual([
    { pid: 812, uid: 501, name: "node", address: "127.0.0.1", port: 1455 },
    { pid: 812, uid: 501, name: "node", address: "::1", port: 1457 },
    { pid: 90, uid: 501, name: "ControlCenter", address: "*", port: 7000 },
  ]);
});

// Lines as Apple's manual of mount(8) and df show them.
test("mount tells what kind of disk a folder is on", () => {
  const text = [
    "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)",
    "devfs on /dev (devfs, local, nobrowse)",
    "//ada@nas/home on /Volumes/My (old) home (smbfs, nodev, nosuid, mounted by ada)",
    "map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)",
    "",
  ].join("\n");
  expect(mac({ "/sbin/mount": text }).mounts()).toMatchObject([
    { mountPoint: "/", kind: "apfs" },
    { mountPoint: "/dev", kind: "devfs" },
    { source: "//ada@nas/home", mountPoint: "/Volumes/My (old) home", kind: "smbfs" },
    { source: "map auto_home", kind: "autofs" },
  ]);
});

/** The programs of this machine play those of a Mac: procps has -E under another name, and lsof is the same program. */
const here: Ask = (program, args) => {
  const name = program.split("/").at(-1) ?? "";
  const words = args.map((word) => (word === "-Eww" ? "eww" : word));
  const { status, stdout } = spawnSync(name, words, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  return status === 0 ? stdout : null;
};
const hasBoth = ["ps", "lsof"].every((name) => spawnSync(name, ["-v"]).error === undefined);

test.skipIf(process.platform !== "linux" || !hasBoth)(
  "the real ps and lsof of Linux are read alike",
  async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : null;
    const found = macos(here).listeners() ?? [];
    expect(found).toContainEqual(expect.objectContaining({ pid: process.pid, port, address: "127.0.0.1" }));
  },
);
