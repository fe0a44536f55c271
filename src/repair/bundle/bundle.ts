import { isKnownPlan } from "../../accounts/plan.ts";
import { listHome, loginLogTail } from "../../store/home-listing.ts";
import type { ListedFile } from "../../store/home-listing.ts";
import { installedCodex } from "../../store/installed-codex.ts";
import { runtimeFacts } from "../../store/runtime.ts";
import type { Examination } from "../examine.ts";
import type { Scene } from "../scene.ts";
import { outlineOf } from "./config-outline.ts";
import { environmentOutline } from "./environment-outline.ts";
import { fileLabel } from "./file-label.ts";
import { logOutline } from "./log-outline.ts";
import { placeOf, shapeOf, timeOr, wordOr } from "./shape.ts";

const logLines = 40;
const note =
  "What stands on no list of codex-auth is told by kind and length. A square bracket is no text of the machine.";

/** One document for a report of trouble: what doctor saw and what it stands on, in words of ours alone. */
export function bundleText(scene: Scene, doctor: Examination & { summary: object }): string {
  const { fx, paths, config } = scene;
  const home = fx.env["HOME"] ?? "";
  const document = {
    kind: "codex-auth support bundle",
    schemaVersion: 2,
    note,
    createdAt: new Date(scene.nowMs).toISOString(),
    codexAuth: CODEX_AUTH_VERSION,
    ...runtimeFacts(),
    codex: installedCodex(fx.fs, fx.env["PATH"] ?? "", fx.platform).map(({ path, real, version }) => ({
      path: placeOf(path, home),
      real: placeOf(real, home),
      version: version && wordOr(version, (each) => knownVersion.test(each)),
    })),
    doctor: doctorOutline(doctor),
    problems: problemsOf(scene),
    paths: { codexHome: placeOf(paths.codexHome, home), storeDir: placeOf(paths.storeDir, home) },
    environment: environmentOutline(fx.env, fx.platform),
    config: outlineOf(config.tree),
    files: listHome(fx.fs, paths.codexHome).map(fileOutline),
    accounts: accountsOf(scene),
    loginLog: loginLogTail(fx.fs, paths.codexHome, logLines).map(logOutline),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const knownVersion = /^\d{1,3}\.\d{1,4}\.\d{1,4}(?:-(?:alpha|beta|rc)\.\d{1,3})?$/;

/** What a finding says may hold anything of a file or variable: its check and its title are ours. */
function doctorOutline({ summary, findings, checks }: Examination & { summary: object }): object {
  const titles = new Map(checks.map(({ id, title }) => [id, title]));
  return {
    summary,
    findings: findings.map(({ id, area, severity, canMend, evidence }) => ({
      id,
      area,
      severity,
      canMend,
      title: titles.get(id) ?? null,
      evidenceLines: evidence.length,
    })),
    checks: checks.map(({ id, status }) => ({ id, status })),
  };
}

function fileOutline({ path, kind, bytes, mode, changedAt }: ListedFile): ListedFile {
  return { path: fileLabel(path), kind, bytes, mode, changedAt };
}

/** Why something could not be read, and where a parser stopped. */
function problemsOf({ problem, liveProblem, live, config, source }: Scene): object {
  return {
    loginSource: source,
    pool: problem?.code ?? null,
    authFile: liveProblem?.code ?? live?.state ?? null,
    configFile: config.problem?.code ?? null,
    configBroken: config.broken && { line: config.broken.line, column: config.broken.column },
  };
}

function accountsOf({ snapshot }: Scene) {
  if (!snapshot) return null;
  const { pool, active } = snapshot;
  return pool.accounts.map(({ id, label, login, pausedAt, flag, refresh, spent }) => ({
    id: wordOr(id, (each) => /^[0-9a-f]{12}$/.test(each)),
    label: label && shapeOf(label),
    email: login.email && shapeOf(login.email),
    kind: login.kind,
    plan: login.plan && wordOr(login.plan, isKnownPlan),
    isActive: id === active?.id,
    pausedAt: timeOr(pausedAt),
    flag: flag?.reason ?? null,
    isRefreshPending: refresh !== null,
    spentTokens: spent.length,
    hasRefreshToken: login.refreshToken !== "",
    issuedAt: timeOfSec(login.issuedAtSec),
    expiresAt: timeOfSec(login.expiresAtSec),
    lastRefresh: timeOr(login.lastRefresh),
  }));
}

/** A number that is no time of this century may be anything. */
function timeOfSec(sec: number | null): string | null {
  if (sec === null) return null;
  return sec > 946_684_800 && sec < 4_102_444_800 ? new Date(sec * 1000).toISOString() : "[number]";
}
