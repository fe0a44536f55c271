import type { Ask, Listener, RunningProgram, System } from "./system.ts";

const utf8 = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; ";

/** Windows tells through PowerShell, which is part of it; the environment of another process it tells nobody. */
export function windows(ask: Ask): System {
  const rows = (script: string) => {
    const text = ask("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", utf8 + script]);
    return text === null ? null : parsed(text);
  };
  return {
    programs: (names) => {
      const filter = names.map((name) => `Name = '${name}.exe'`).join(" OR ");
      const fields =
        "ProcessId, ExecutablePath, CommandLine, @{ n = 'StartedAt'; e = { $_.CreationDate.ToUniversalTime().ToString('o') } }";
      const found = rows(
        `ConvertTo-Json -Compress -InputObject @(Get-CimInstance Win32_Process -Filter "${filter}" | Select-Object ${fields})`,
      );
      return found?.flatMap(programOf) ?? null;
    },
    codexHomeOf: () => undefined,
    listeners: () => {
      const name = "@{ n = 'Name'; e = { (Get-Process -Id $_.OwningProcess).ProcessName } }";
      const found = rows(
        `ConvertTo-Json -Compress -InputObject @(Get-NetTCPConnection -State Listen | Select-Object LocalAddress, LocalPort, OwningProcess, ${name})`,
      );
      return found?.flatMap(listenerOf) ?? null;
    },
    mounts: () => null,
  };
}

type Row = Readonly<Record<string, unknown>>;

function parsed(text: string): Row[] {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, "").trim() || "[]");
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.filter((each): each is Row => typeof each === "object" && each !== null);
  } catch {
    return [];
  }
}

/** The command line of another user's process is empty. */
function programOf({ ProcessId, ExecutablePath, CommandLine, StartedAt }: Row): RunningProgram[] {
  const at = typeof StartedAt === "string" ? Date.parse(StartedAt) : Number.NaN;
  if (typeof ProcessId !== "number" || typeof CommandLine !== "string" || !Number.isFinite(at)) return [];
  const [first = "", ...args] = commandWords(CommandLine);
  const program = typeof ExecutablePath === "string" ? ExecutablePath : first;
  const startedAt = new Date(Math.floor(at / 1000) * 1000).toISOString();
  return [{ pid: ProcessId, program, args, startedAt }];
}

/** Words in quotes may hold blanks; a quote in a word is rare enough. */
function commandWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

function listenerOf({ LocalAddress, LocalPort, OwningProcess, Name }: Row): Listener[] {
  if (typeof LocalAddress !== "string" || typeof LocalPort !== "number") return [];
  const pid = typeof OwningProcess === "number" ? OwningProcess : null;
  const address = LocalAddress === "0.0.0.0" || LocalAddress === "::" ? "*" : LocalAddress;
  return [{ pid, uid: null, name: typeof Name === "string" ? Name : "", address, port: LocalPort }];
}
