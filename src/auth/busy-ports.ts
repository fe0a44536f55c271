import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { FileSystem } from "../store/file-system.ts";
import { portHolder } from "../store/port-holder.ts";

/** Names whoever holds the ports on which the browser could hand the login back. */
export function busyPortsError(fs: FileSystem, ports: readonly number[]): CodexAuthError {
  const holders = ports.map((port) => `${port} by ${holderText(fs, port)}`).join(", ");
  const message = `The browser cannot hand the login back: its ports are in use (${holders}).`;
  return new CodexAuthError("login_ports_busy", message, {
    hint: "Nothing was changed. End one of them, or go without a port: codex auth login --device-auth (or --manual)",
  });
}

function holderText(fs: FileSystem, port: number): string {
  const holder = portHolder(fs, port);
  if (!holder) return `another program: see lsof -i :${port}`;
  if (holder.pid === null) return "a program of another user";
  const { name, pid } = holder;
  if (/^sshd?\b/.test(name)) return `${name} ${pid}, an ssh tunnel`;
  return name.startsWith("codex") ? `${name} ${pid}, perhaps another login that waits` : `${name} ${pid}`;
}
