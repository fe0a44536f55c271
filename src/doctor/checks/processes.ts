import type { CodexProcess } from "../../machine/codex-processes.ts";
import { installedCodex, type InstalledCodex } from "../../machine/codex-programs.ts";
import { type PortHolder, portHolders } from "../../machine/ports.ts";
import { processesText } from "../../store/context.ts";
import type { Snapshot } from "../../store/store.ts";
import { type DoctorCheck, type Looked, poolCheck, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";

const install = "npm install --global @openai/codex@latest";
/** What this program was tried with; what is said of its behaviour is that of `modern` and later. */
const known = { oldest: [0, 63], modern: [0, 169], newest: [0, 171] } as const;

/** Runs `look` on what PATH leads to. */
function pathCheck(
  check: Omit<DoctorCheck, "look" | "area">,
  look: (found: readonly InstalledCodex[], facts: Facts) => Looked,
): DoctorCheck {
  return {
    ...check,
    area: "processes",
    look: (facts) => {
      const { env, fs, platform } = facts.ctx;
      const path = env["PATH"] ?? "";
      return path === "" ? { skipped: "PATH is empty" } : look(installedCodex(fs, path, platform), facts);
    },
  };
}

export const codexMissing = pathCheck(
  { id: "codex_missing", severity: "warning", title: "there is no codex on PATH" },
  (found, { ctx: { env } }) => {
    if (found.length > 0 || env["CODEX_AUTH_CODEX_BIN"]) return [];
    return [{ message: "There is no codex on PATH, so it cannot be started by its name.", command: install }];
  },
);

export const codexSeveral = pathCheck(
  { id: "codex_several", severity: "info", title: "PATH leads to more than one codex" },
  (found) => {
    const [first, ...others] = found;
    if (!first || others.length === 0) return [];
    const isMixed = others.some(({ version }) => version !== first.version);
    const message = isMixed
      ? `PATH leads to ${found.length} codex of different versions; ${first.path} is the one that is started.`
      : `PATH leads to ${found.length} codex; ${first.path} is the one that is started.`;
    const evidence = found.map(({ path, version }) => `${path}: ${version ?? "version unknown"}`);
    return [{ severity: isMixed ? "warning" : "info", message, evidence, command: null }];
  },
);

export const codexVersion = pathCheck(
  { id: "codex_version_untried", severity: "info", title: "the version of codex is not one that was tried" },
  ([first]) => {
    const version = first?.version ?? null;
    const numbers = version === null ? null : /^(\d+)\.(\d+)\./.exec(version);
    if (!first || !numbers) return [];
    const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
    const evidence = [`${first.path}: ${version}`];
    if (major > known.newest[0] || (major === known.newest[0] && minor > known.newest[1])) {
      const message = `Codex ${version} is newer than 0.${known.newest[1]}, the newest that this codex-auth was tried with.`;
      return [{ message, evidence, command: null }];
    }
    if (minor >= known.modern[1]) return [];
    const message = `Codex ${version} is older than 0.${known.modern[1]}: what is said here of its behaviour may differ.`;
    return [{ severity: minor < known.oldest[1] ? "warning" : "info", message, evidence, command: install }];
  },
);

interface Held {
  port: number;
  holder: PortHolder;
}

const ports = [1455, 1457];

/** Measured with Codex 0.169: 1457 is used silently when 1455 is taken; both taken, `codex login` ends after 4 s. */
export const loginPorts: DoctorCheck = {
  id: "login_ports_held",
  area: "processes",
  severity: "warning",
  title: "other programs hold the ports of the browser login",
  look: ({ ctx: { fs, platform }, source }) => {
    const holders = portHolders(fs, ports, platform);
    if (holders === null) return { skipped: "this system does not tell who listens" };
    const held = [...holders]
      .map(([port, holder]) => ({ port, holder }))
      .filter(({ holder }) => !isLogin(holder));
    if (held.length === 0) return [];
    const evidence = held.map(describe);
    if (held.length < ports.length) {
      const message = `Port ${held[0]?.port} is held by another program; a login then uses ${ports.find((port) => port !== held[0]?.port)}.`;
      return [{ severity: "info", message, evidence, command: null }];
    }
    const message =
      "Both ports for the answer of the browser (1455 and 1457) are held, so a browser sign-in ends with: Port 127.0.0.1:1457 is already in use. Sign in with a code, which needs no port; or close one of these programs yourself.";
    // Without any login, nothing works until this is solved.
    const severity = source === "none" ? "error" : "warning";
    // Never to kill the holder: it is a program of somebody else, and may hold work that is not saved.
    return [
      { severity, message, evidence, command: "codex auth login --device-auth" },
    ] satisfies FoundFault[];
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

export const processOnOldLogin = poolCheck({
  id: "process_on_old_login",
  area: "processes",
  severity: "warning",
  title: "a running Codex keeps the login from before the last switch",
  look: (snapshot, { ctx }) => {
    const processes = processesOnOldLogin(ctx, snapshot);
    if (processes.length === 0) return [];
    const message = `Started before the last switch, so on the login of that time: ${processesText(processes)}.`;
    const hasDaemon = processes.some(({ kind }) => kind === "daemon");
    return [{ message, command: hasDaemon ? "codex app-server daemon restart" : null }];
  },
});

/** Running Codex that was started before the active account was made live. */
export function processesOnOldLogin(
  { processes }: { processes: () => CodexProcess[] | null },
  { active, pool }: Snapshot,
): CodexProcess[] {
  const since = pool.activeSince;
  if (active === null || since === null) return [];
  return (processes() ?? []).filter(({ startedAt }) => startedAt < since);
}
