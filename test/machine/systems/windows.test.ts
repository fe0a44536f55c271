import { expect, test } from "vitest";
import { windows } from "../../../src/machine/systems/windows.ts";

/** A PowerShell that prints this for the cmdlet. */
function system(cmdlet: string, printed: string): ReturnType<typeof windows> {
  return windows((program, args) =>
    program === "powershell.exe" && args.at(-1)?.includes(cmdlet) ? printed : null,
  );
}

// Fields as the documentation of Win32_Process has them; the paths are those of github.com/openai/codex/issues/41049
// (the app from the Store) and of the extension of VS Code for Windows.
const app =
  "C:\\Program Files\\WindowsApps\\OpenAI.Codex_26.820.9563.0_x64__2p2nqsd0c76g0\\app\\resources\\codex.exe";
const extension =
  "c:\\Users\\Ada\\.vscode\\extensions\\openai.chatgpt-26.5-win32-x64\\bin\\windows-x86_64\\codex.exe";
const rows = [
  {
    ProcessId: 4120,
    ExecutablePath: app,
    CommandLine: `"${app}" app-server`,
    StartedAt: "2026-09-20T21:36:56.1234567Z",
  },
  {
    ProcessId: 4121,
    ExecutablePath: null,
    CommandLine: `${extension} app-server`,
    StartedAt: "2026-09-20T21:36:57.0000000Z",
  },
  { ProcessId: 4122, ExecutablePath: null, CommandLine: null, StartedAt: "2026-09-20T21:36:57.0000000Z" },
];

test("Get-CimInstance lists the programs of this user", () => {
  expect(system("Get-CimInstance", `\uFEFF${JSON.stringify(rows)}\r\n`).programs(["codex"])).toEqual([
    { pid: 4120, program: app, args: ["app-server"], startedAt: "2026-09-20T21:36:56.000Z" },
    { pid: 4121, program: extension, args: ["app-server"], startedAt: "2026-09-20T21:36:57.000Z" },
  ]);
});

test.each([
  ["one program, which Windows PowerShell 5 gives without a list", JSON.stringify(rows[0]), 1],
  ["none", "[]\r\n", 0],
  ["an error in place of JSON", "Get-CimInstance : Access denied", 0],
])("%s", (_, printed, count) => {
  expect(system("Get-CimInstance", printed).programs(["codex"])).toHaveLength(count);
});

test("without PowerShell nothing is known, and of CODEX_HOME never", () => {
  const nothing = windows(() => null);
  expect([nothing.programs(["codex"]), nothing.listeners(), nothing.codexHomeOf(1)]).toEqual([
    null,
    null,
    undefined,
  ]);
});

test("Get-NetTCPConnection tells who listens, and where", () => {
  const found = [
    { LocalAddress: "127.0.0.1", LocalPort: 1455, OwningProcess: 4120, Name: "codex" },
    { LocalAddress: "::", LocalPort: 445, OwningProcess: 4, Name: "System" },
  ];
  expect(system("Get-NetTCPConnection", JSON.stringify(found)).listeners()).toEqual([
    { pid: 4120, uid: null, name: "codex", address: "127.0.0.1", port: 1455 },
    { pid: 4, uid: null, name: "System", address: "*", port: 445 },
  ]);
});
