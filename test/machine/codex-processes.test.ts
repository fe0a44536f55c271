import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { codexProcesses } from "../../src/machine/codex-processes.ts";
import { holdersAmong } from "../../src/machine/ports.ts";
import type { RunningProgram, System } from "../../src/machine/systems/system.ts";

const startedAt = "2026-09-20T21:36:56.000Z";

/** A computer on which this runs, with this CODEX_HOME. */
function running(
  program: string,
  args: string,
  home: string | null | undefined = "/home/ada/.codex",
): System {
  const found: RunningProgram = { pid: 7, program, args: args.split(" "), startedAt };
  return { programs: () => [found], codexHomeOf: () => home, listeners: () => null, mounts: () => null };
}

// Paths as they are in github.com/zed-industries/zed/issues/56146, github.com/openai/codex/issues/41049 and in the
// folders of extensions that the editors document.
test.each([
  ["/usr/bin/codex", "app-server --listen unix:// --managed-daemon", { kind: "daemon" }],
  ["/usr/bin/codex", "exec hi", { kind: "exec" }],
  ["codex", "", { kind: "session" }],
  [
    "/home/ada/.vscode/extensions/openai.chatgpt-26.5.1-linux-x64/bin/linux-x86_64/codex",
    "app-server",
    { kind: "app-server", editor: "VS Code" },
  ],
  [
    "/home/ada/.cursor-server/extensions/openai.chatgpt-26.5.1/bin/linux-x86_64/codex",
    "app-server",
    { kind: "app-server", editor: "Cursor" },
  ],
  [
    "/Applications/Codex.app/Contents/Resources/codex",
    "app-server --analytics-default-enabled",
    { kind: "app-server", editor: "the Codex app" },
  ],
  [
    "C:\\Program Files\\WindowsApps\\OpenAI.Codex_26.820.9563.0_x64__2p2nqsd0c76g0\\app\\resources\\codex.exe",
    "app-server",
    { kind: "app-server", editor: "the Codex app" },
  ],
  [
    "/home/arb/.local/share/zed/external_agents/registry/codex-acp/v_0.13.0/codex-acp",
    "",
    { kind: "acp", editor: "Zed" },
  ],
  ["/opt/bin/codex-acp", "", { kind: "acp" }],
])("%s %s", (program, args, known) => {
  expect(codexProcesses("/home/ada/.codex", running(program, args))).toEqual([
    { pid: 7, startedAt, ...known },
  ]);
});

test("a Codex of another home does not count; one whose home is not told counts for the usual one", () => {
  expect(codexProcesses("/other", running("codex", "exec"))).toEqual([]);
  const untold = { ...running("codex.exe", "exec"), codexHomeOf: () => undefined };
  expect(codexProcesses(join(homedir(), ".codex"), untold)).toHaveLength(1);
  expect(codexProcesses("/other", untold)).toEqual([]);
  expect(codexProcesses("/other", { ...untold, programs: () => null })).toBeNull();
});

test.skipIf(process.platform !== "linux")("the extension of VS Code is found in /proc", async () => {
  const root = mkdtempSync(join(tmpdir(), "codex-auth-editor-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const program = join(root, ".vscode/extensions/openai.chatgpt-26.5.1-linux-x64/bin/linux-x86_64/codex");
  mkdirSync(dirname(program), { recursive: true });
  cpSync("/usr/bin/tail", program);
  const child = spawn(program, ["-f", "/dev/null", "app-server"], {
    env: { CODEX_HOME: root },
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  expect(codexProcesses(root)).toMatchObject([{ pid: child.pid, kind: "app-server", editor: "VS Code" }]);
});

test("of what listens, what takes 127.0.0.1 holds a port", () => {
  const at = (address: string, port: number, pid: number | null = 5) => ({
    pid,
    uid: 501,
    name: "node",
    address,
    port,
  });
  const listeners = [at("::1", 1455), at("192.168.0.2", 1455), at("*", 1457), at("127.0.0.1", 1456, null)];
  expect([...holdersAmong(listeners, [1455, 1456, 1457])]).toEqual([
    [1457, { pid: 5, name: "node" }],
    [1456, { pid: null }],
  ]);
});
