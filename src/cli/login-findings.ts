import { loginRestriction } from "../codex/login-restriction.ts";
import type { CodexProcess } from "../store/codex-processes.ts";
import type { Snapshot } from "../store/store.ts";
import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";
import type { tryLoginSettings } from "./login-settings.ts";
import { overrides } from "./login-source.ts";
import type { LoginSource } from "./login-source.ts";
import { flaggedFindings, interruptedFindings } from "./trouble-findings.ts";

/** What is wrong with the login that Codex would use now. What it does not read is not wrong. */
export function loginFindings(
  ctx: Context,
  snapshot: Snapshot,
  { source, config, processes }: { source: LoginSource; config: Config; processes: readonly CodexProcess[] },
): Finding[] {
  const readsFile = source === "file" || source === "none";
  return [
    ...(readsFile ? fileFindings(snapshot, ctx.now()) : []),
    ...configFindings(config, snapshot),
    ...overrides(ctx.env).map(({ name, effect }) =>
      finding("env_override", "warning", `${name} is set: ${effect}.`, `unset ${name}`),
    ),
    ...processFindings(processes),
    ...interruptedFindings(snapshot),
    ...flaggedFindings(snapshot.active ? [snapshot.active] : []),
  ];
}

type Config = ReturnType<typeof tryLoginSettings>;

function fileFindings({ live, active, adoption }: Snapshot, nowMs: number): Finding[] {
  const { target, state, problem, login, isHardLinked } = live;
  const findings: Finding[] = [];
  if (state === "missing")
    findings.push(
      finding(
        "not_logged_in",
        "error",
        `${target} does not exist.`,
        "codex auth switch <account>, or codex login",
      ),
    );
  if (state === "blank")
    findings.push(
      finding(
        "auth_file_blank",
        "error",
        `${target} holds no credentials, although Codex calls it "logged in".`,
        "codex auth switch <account>",
      ),
    );
  if (state === "broken")
    findings.push(
      finding(
        "auth_file_unreadable",
        "error",
        `${target} cannot be read: ${problem}.`,
        "codex auth switch <account> --replace-broken",
      ),
    );
  if (isHardLinked)
    findings.push(
      finding(
        "auth_file_hard_linked",
        "error",
        `${target} is a hard link: Codex renews its token, but cannot save it.`,
        `cp -p '${target}' '${target}.copy' && mv '${target}.copy' '${target}'`,
      ),
    );
  if (!login) return findings;
  if (login.kind === "chatgpt" && login.lastRefresh === null) {
    findings.push(
      finding(
        "last_refresh_missing",
        "error",
        "auth.json has no last_refresh, so Codex sends requests without a token.",
        "codex auth switch <account>, or codex login",
      ),
    );
  }
  if (login.refreshToken === "" && login.expiresAtSec !== null && login.expiresAtSec * 1000 <= nowMs) {
    const message = "The access token in auth.json has ended, and there is no refresh token.";
    findings.push(finding("login_expired", "error", message, "codex auth switch <another account>"));
  }
  if (!active)
    findings.push(
      finding(
        "login_unknown",
        "warning",
        `The login in auth.json (${login.email ?? login.kind}) is not in the pool.`,
        "codex auth import",
      ),
    );
  if (adoption?.outcome === "kept")
    findings.push(
      finding(
        "auth_file_older",
        "warning",
        "auth.json holds an older token than the pool.",
        `codex auth switch ${adoption.account.id}`,
      ),
    );
  return findings;
}

function configFindings({ settings, problem }: Config, { live }: Snapshot): Finding[] {
  if (problem)
    return [finding("config_unreadable", "error", `Codex does not start: ${problem.message}`, null)];
  const restriction = live.login && settings && loginRestriction(settings, live.login);
  if (!restriction) return [];
  const message = `The next codex exec would delete auth.json: ${restriction}.`;
  return [finding("login_restricted", "error", message, "codex auth switch <another account>")];
}

function processFindings(processes: readonly CodexProcess[]): Finding[] {
  if (processes.length === 0) return [];
  const names = processes.map(({ kind, pid }) => `${kind} ${pid}`).join(", ");
  const fix = processes.some(({ kind }) => kind === "daemon") ? "codex app-server daemon restart" : null;
  return [
    finding(
      "process_on_old_login",
      "warning",
      `Started before the last switch, so on the login of that time: ${names}.`,
      fix,
    ),
  ];
}

function finding(id: string, severity: Finding["severity"], message: string, fix: string | null): Finding {
  return { id, severity, message, fix };
}
