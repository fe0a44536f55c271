import { listHome, loginLogTail } from "../../store/home-listing.ts";
import { installedCodex } from "../../store/installed-codex.ts";
import { runtimeFacts } from "../../store/runtime.ts";
import type { Examination } from "../examine.ts";
import type { Scene } from "../scene.ts";
import { cleaner } from "./clean.ts";
import { outlineOf } from "./config-outline.ts";

const logLines = 40;
const relevant =
  /^(?:CODEX|OPENAI|AZURE|NODE_|SSL_|XDG_|WSL|SUDO_|SSH_|LC_)|_PROXY$|_proxy$|^(?:CI|HOME|LANG|PATH|SHELL|TERM|TMPDIR|TMUX)$/;
/** Of all others it is only told that they are set. */
const harmless =
  /^(?:CODEX_HOME|CODEX_SQLITE_HOME|CODEX_AUTH_DIR|CODEX_CA_CERTIFICATE|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|CI|LANG|LC_ALL|NO_PROXY|no_proxy|PATH|SHELL|TERM|TMPDIR|WSL_DISTRO_NAME|SUDO_UID)$/;

/** One document for a report of trouble: what doctor saw and what it stands on, without secrets, contents or e-mail addresses. */
export function bundleText(scene: Scene, doctor: Examination & { summary: object }): string {
  const { fx, paths, config } = scene;
  const document = {
    kind: "codex-auth support bundle",
    schemaVersion: 1,
    createdAt: new Date(scene.nowMs).toISOString(),
    codexAuth: CODEX_AUTH_VERSION,
    ...runtimeFacts(),
    codex: installedCodex(fx.fs, fx.env["PATH"] ?? "", fx.platform),
    // What was seen of config.toml is the person's own text.
    doctor: {
      ...doctor,
      findings: doctor.findings.map((each) => (each.area === "config" ? { ...each, evidence: [] } : each)),
    },
    paths: { codexHome: paths.codexHome, storeDir: paths.storeDir },
    environment: environmentOf(fx.env),
    config: outlineOf(config.tree),
    files: listHome(fx.fs, paths.codexHome),
    accounts: accountsOf(scene),
    loginLog: loginLogTail(fx.fs, paths.codexHome, logLines),
  };
  return `${JSON.stringify(cleaner(scene)(document), null, 2)}\n`;
}

function environmentOf(env: Scene["fx"]["env"]): Record<string, string> {
  const names = Object.keys(env).filter((name) => env[name] !== undefined && relevant.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [name, harmless.test(name) ? (env[name] ?? "") : "[set]"]),
  );
}

function accountsOf({ snapshot }: Scene) {
  if (!snapshot) return null;
  const { pool, active } = snapshot;
  return pool.accounts.map(({ id, label, login, pausedAt, flag, refresh, spent }) => ({
    id,
    label,
    email: login.email,
    kind: login.kind,
    plan: login.plan,
    isActive: id === active?.id,
    pausedAt,
    flag: flag?.reason ?? null,
    isRefreshPending: refresh !== null,
    spentTokens: spent.length,
    hasRefreshToken: login.refreshToken !== "",
    issuedAtSec: login.issuedAtSec,
    expiresAtSec: login.expiresAtSec,
    lastRefresh: login.lastRefresh,
  }));
}
