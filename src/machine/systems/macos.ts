import type { Ask, Listener, Mount, RunningProgram, System } from "./system.ts";

/** macOS has no /proc: ps, lsof and mount are asked, all of them part of the system. */
export function macos(ask: Ask): System {
  return {
    programs: (names) => {
      // The name is last, because it may hold blanks, as "Codex (Renderer)" does, and is cut off nowhere else.
      const text = ask("/bin/ps", ["-xww", "-o", "pid=,lstart=,ucomm="]);
      if (text === null) return null;
      const found = text.split("\n").flatMap(line);
      return found.filter(({ name }) => names.includes(name)).flatMap((each) => completed(ask, each));
    },
    codexHomeOf: (pid) => {
      const command = commandOf(ask, pid);
      const whole = ask("/bin/ps", ["-Eww", "-o", "command=", "-p", String(pid)])?.trimEnd();
      if (command === null || !whole?.startsWith(command)) return undefined;
      return homeIn(whole.slice(command.length));
    },
    listeners: () => {
      // lsof ends with 1 when nothing listens, and then prints nothing.
      const text = ask("/usr/sbin/lsof", ["-nP", "+c0", "-iTCP", "-sTCP:LISTEN", "-FpcuLn"]);
      return text === null ? null : lsofListeners(text);
    },
    mounts: () => {
      const text = ask("/sbin/mount", []);
      return text === null ? null : text.split("\n").flatMap(mountLine);
    },
  };
}

interface Line {
  pid: number;
  startedAt: string;
  name: string;
}

/** "  412 Sun Sep 20 22:36:56 2026 codex", in local time. */
function line(text: string): Line[] {
  const match = /^\s*(\d+)\s+(\w{3}\s+\w{3}\s+\d+ [\d:]{8} \d{4})\s+(\S.*)$/.exec(text);
  const [, pid = "", started = "", name = ""] = match ?? [];
  const at = Date.parse(started);
  return match && Number.isFinite(at)
    ? [{ pid: Number(pid), startedAt: new Date(at).toISOString(), name: name.trim() }]
    : [];
}

/** It may have ended while we looked. */
function completed(ask: Ask, { pid, startedAt, name }: Line): RunningProgram[] {
  const command = commandOf(ask, pid);
  if (command === null) return [];
  const { program, args } = splitCommand(command, name);
  return [{ pid, program, args, startedAt }];
}

function commandOf(ask: Ask, pid: number): string | null {
  return ask("/bin/ps", ["-ww", "-o", "command=", "-p", String(pid)])?.trimEnd() || null;
}

/** The path of a program may hold blanks ("/Applications/Visual Studio Code.app/…"): its name ends it. */
function splitCommand(command: string, name: string): { program: string; args: string[] } {
  const found = `/${command} `.indexOf(`/${name} `);
  const program = found === -1 ? command : command.slice(0, found + name.length);
  const words = command.slice(program.length).split(" ");
  return { program, args: words.filter((word) => word !== "") };
}

/** In what ps puts after a command with -E: blanks part the variables, and may be in a value too. */
function homeIn(environment: string): string | null {
  const value = (name: string) =>
    new RegExp(`(?:^| )${name}=(.*?)(?= [A-Za-z_][A-Za-z0-9_]*=|$)`).exec(environment)?.[1];
  const home = value("HOME");
  return value("CODEX_HOME") || (home ? `${home}/.codex` : null);
}

/** Fields of lsof -F: p and what follows are of a process, f and n of one of its files. */
function lsofListeners(text: string): Listener[] {
  const found: Listener[] = [];
  let owner = { pid: null as number | null, uid: null as number | null, name: "" };
  for (const field of text.split("\n")) {
    const value = field.slice(1);
    if (field.startsWith("p")) owner = { pid: Number(value), uid: null, name: "" };
    else if (field.startsWith("c")) owner = { ...owner, name: value };
    else if (field.startsWith("u")) owner = { ...owner, uid: Number(value) };
    const match = field.startsWith("n") ? /^(?:\[(.+)\]|(.+)):(\d+)$/.exec(value) : null;
    if (match) found.push({ ...owner, address: match[1] ?? match[2] ?? "", port: Number(match[3]) });
  }
  return found;
}

/** "//ada@nas/home on /Volumes/home (smbfs, nodev, nosuid, mounted by ada)". */
function mountLine(text: string): Mount[] {
  const match = /^(.*) on (\/.*) \(([^,()]+)(?:, ([^()]*))?\)$/.exec(text);
  const [, source = "", mountPoint = "", kind = "", options = ""] = match ?? [];
  return match ? [{ source, mountPoint, kind, options }] : [];
}
