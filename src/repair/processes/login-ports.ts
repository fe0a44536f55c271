import { portHolders } from "../../store/port-holder.ts";
import type { PortHolder } from "../../store/port-holder.ts";
import type { Check, Sighting } from "../check.ts";

interface Held {
  port: number;
  holder: PortHolder;
}

const ports = [1455, 1457];

/** Measured with Codex 0.169: 1457 is used silently when 1455 is taken; both taken, `codex login` ends after 4 s. */
export const loginPorts: Check = {
  id: "login_ports_held",
  area: "processes",
  severity: "warning",
  title: "other programs hold the ports of the browser login",
  look: ({ fx: { fs, platform }, source }) => {
    if (platform !== "linux") return { skipped: "this system does not tell who listens" };
    const held = [...portHolders(fs, ports)]
      .map(([port, holder]) => ({ port, holder }))
      .filter(({ holder }) => !isLogin(holder));
    if (held.length === 0) return [];
    const evidence = held.map(describe);
    if (held.length < ports.length) {
      const message = `Port ${held[0]?.port} is held by another program; a login then uses ${ports.find((port) => port !== held[0]?.port)}.`;
      return [{ severity: "info", message, evidence, fix: null }];
    }
    const message =
      "Both ports for the answer of the browser (1455 and 1457) are held, so a sign-in ends with: Port 127.0.0.1:1457 is already in use.";
    // Without any login, nothing works until this is solved.
    const severity = source === "none" ? "error" : "warning";
    return [{ severity, message, evidence, fix: remedy(held) }] satisfies Sighting[];
  },
};

/** A login that waits for its browser is no fault: the next one takes its place. */
function isLogin(holder: PortHolder): boolean {
  return holder.pid !== null && holder.name.startsWith("codex");
}

function isTunnel(holder: PortHolder): boolean {
  return holder.pid !== null && /^sshd?\b/.test(holder.name);
}

function describe({ port, holder }: Held): string {
  if (holder.pid === null) return `${port}: a program of another user`;
  return `${port}: ${holder.name}, process ${holder.pid}${isTunnel(holder) ? ", an SSH tunnel" : ""}`;
}

/** One port is enough. The end of an SSH session may be the end of the person's own, so that is not advised. */
function remedy(held: readonly Held[]): string {
  for (const { holder } of held) if (holder.pid !== null && !isTunnel(holder)) return `kill ${holder.pid}`;
  return "codex auth login --device-auth";
}
