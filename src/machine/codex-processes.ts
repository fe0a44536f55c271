import { realPath } from "./path-kind.ts";
import * as fs from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { systemOf } from "./systems/here.ts";
import { codexHomeOf, pids } from "./systems/linux.ts";
import type { RunningProgram, System } from "./systems/system.ts";

/** A running Codex. It keeps the login that it read at its start until it ends. */
export interface CodexProcess {
  pid: number;
  /** The daemon outlives the terminal session that started it; `acp` is codex-acp, Codex inside an editor. */
  kind: "daemon" | "app-server" | "exec" | "session" | "acp";
  /** ISO time, to the second. */
  startedAt: string;
  /** The program whose part it is, where its path tells: VS Code, the Codex app, Zed. */
  editor?: string;
}

const names = ["codex", "codex-acp"];

/** The Codex processes of this user and this CODEX_HOME; null where the system does not tell. */
export function codexProcesses(
  codexHome: string,
  system: System = systemOf(process.platform),
): CodexProcess[] | null {
  const home = realPath(fs, codexHome);
  const found = system.programs(names);
  return found?.filter(({ pid }) => homeOf(system, pid) === home).map(described) ?? null;
}

/** Whether any program, of Codex or not, was started with this CODEX_HOME and still runs; null where nothing tells. */
export function isHomeInUse(home: string): boolean | null {
  const all = pids();
  if (all.length === 0) return null;
  const path = realPath(fs, home);
  return all.some((pid) => {
    const other = codexHomeOf(pid);
    return other !== null && realPath(fs, other) === path;
  });
}

/** Where nothing tells, as on Windows, it is most likely the usual one. */
function homeOf(system: System, pid: number): string | null {
  const home = system.codexHomeOf(pid);
  const known = home === undefined ? join(homedir(), ".codex") : home;
  return known === null ? null : realPath(fs, known);
}

function described({ pid, program, args, startedAt }: RunningProgram): CodexProcess {
  const editor = editorOf(program);
  const kind = /codex-acp(?:\.exe)?$/.test(program) ? "acp" : kindOf(args);
  return { pid, kind, startedAt, ...(editor === null ? {} : { editor }) };
}

function kindOf(args: readonly string[]): CodexProcess["kind"] {
  if (args.includes("--managed-daemon")) return "daemon";
  if (args.includes("app-server")) return "app-server";
  return args.includes("exec") ? "exec" : "session";
}

/** The folders in which editors keep what they bring along. */
const editors: readonly [RegExp, string][] = [
  [/[\\/]\.cursor(?:-[a-z]+)?[\\/]extensions[\\/]/, "Cursor"],
  [/[\\/]\.windsurf(?:-[a-z]+)?[\\/]extensions[\\/]/, "Windsurf"],
  [/[\\/]extensions[\\/]openai\.chatgpt-/, "VS Code"],
  [/[\\/](?:Codex|ChatGPT)\.app[\\/]Contents[\\/]|[\\/]WindowsApps[\\/]OpenAI\./, "the Codex app"],
  [/[\\/]zed[\\/]external_agents[\\/]/i, "Zed"],
];

function editorOf(program: string): string | null {
  return editors.find(([place]) => place.test(program))?.[1] ?? null;
}
