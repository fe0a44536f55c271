import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { RotationEntry } from "../../store/files/rotation.ts";
import type { Action, Report } from "./document.ts";
import { gatewayUrl } from "./running.ts";

/** What every action says where it has nothing to say. */
export function blank(action: Action): Report {
  const nothing = {
    url: null,
    gateway: null,
    key: null,
    keys: [],
    usage: null,
    link: null,
    steps: [],
    lines: [],
    accounts: [],
    decisions: [],
    problems: [],
    message: "",
  };
  return { action, running: false, ...nothing };
}

export function about(entry: RotationEntry) {
  const { port, startedAtMs, logFile, process } = entry;
  const gateway = { port, pid: process.pid, startedAt: new Date(startedAtMs).toISOString(), logFile };
  return { url: gatewayUrl(entry), gateway };
}

export function noWords(words: readonly string[], action: Action): void {
  if (words.length > 0) throw usageError("Too many words.", `codex auth gateway ${action}`);
}

export function usageError(message: string, form: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint: `Usage: ${form}` });
}
