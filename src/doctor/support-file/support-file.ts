import { join } from "node:path";
import { installedCodex } from "../../machine/codex-programs.ts";
import { type FileSystem, namesIn, readTextIfReadable } from "../../machine/file-system.ts";
import { runtimeFacts } from "../../machine/processes.ts";
import { currentPlan } from "../../quota/block.ts";
import { isKnownPlan } from "../../quota/candidate.ts";
import type { Examination } from "../examine.ts";
import type { Facts } from "../facts.ts";
import { environmentOutline, fileLabel, logOutline, outlineOf } from "./outlines.ts";
import { placeOf, shapeOf, timeOr, wordOr } from "./shape.ts";

const logLines = 40;
const note =
  "What stands on no list of codex-auth is told by kind and length. A square bracket is no text of the machine.";

/** One document for a report of trouble: what doctor saw and what it stands on, in words of ours alone. */
export function bundleText(facts: Facts, doctor: Examination & { summary: object }): string {
  const { ctx, paths, config } = facts;
  const home = ctx.env["HOME"] ?? "";
  const document = {
    kind: "codex-auth support bundle",
    schemaVersion: 2,
    note,
    createdAt: new Date(facts.nowMs).toISOString(),
    codexAuth: CODEX_AUTH_VERSION,
    ...runtimeFacts(),
    codex: installedCodex(ctx.fs, ctx.env["PATH"] ?? "", ctx.platform).map(({ path, real, version }) => ({
      path: placeOf(path, home),
      real: placeOf(real, home),
      version: version && wordOr(version, (each) => knownVersion.test(each)),
    })),
    doctor: doctorOutline(doctor),
    problems: problemsOf(facts),
    paths: { codexHome: placeOf(paths.codexHome, home), storeDir: placeOf(paths.storeDir, home) },
    environment: environmentOutline(ctx.env, ctx.platform),
    config: outlineOf(config.tree),
    files: listHome(ctx.fs, paths.codexHome).map(fileOutline),
    accounts: accountsOf(facts),
    loginLog: loginLogTail(ctx.fs, paths.codexHome, logLines).map(logOutline),
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
function problemsOf({ problem, liveProblem, live, config, source }: Facts): object {
  return {
    loginSource: source,
    pool: problem?.code ?? null,
    authFile: liveProblem?.code ?? live?.state ?? null,
    configFile: config.problem?.code ?? null,
    configBroken: config.broken && { line: config.broken.line, column: config.broken.column },
  };
}

function accountsOf({ snapshot, ctx }: Facts) {
  if (!snapshot) return null;
  const usage = ctx.store.usage();
  const { pool, active } = snapshot;
  return pool.accounts.map(({ id, label, login, pausedAt, flag, refresh, spent }) => ({
    id: wordOr(id, (each) => /^[0-9a-f]{12}$/.test(each)),
    label: label && shapeOf(label),
    email: login.email && shapeOf(login.email),
    kind: login.kind,
    plan: wordOfPlan(currentPlan(login, usage.get(id)?.news)),
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

function wordOfPlan(plan: string | null): string | null {
  return plan && wordOr(plan, isKnownPlan);
}

/** A number that is no time of this century may be anything. */
function timeOfSec(sec: number | null): string | null {
  if (sec === null) return null;
  return sec > 946_684_800 && sec < 4_102_444_800 ? new Date(sec * 1000).toISOString() : "[number]";
}

/** A file by what can be told of it without opening it. */
interface ListedFile {
  /** Relative to CODEX_HOME. */
  path: string;
  kind: "file" | "folder" | "link" | "other";
  bytes: number;
  /** Octal. */
  mode: string;
  /** ISO time. */
  changedAt: string;
}

/** Folders of which the content is named too. */
const opened = ["codex-auth", "codex-auth/locks", "codex-auth/parked", "log"];
const longest = 500;

/** The names in CODEX_HOME and in those of its folders that matter for logins. */
function listHome(fs: FileSystem, home: string): ListedFile[] {
  const folders = ["", ...opened];
  const paths = folders.flatMap((folder) =>
    namesIn(fs, join(home, folder)).map((name) => join(folder, name)),
  );
  return paths.slice(0, longest).flatMap((path) => {
    const stat = fs.lstatSync(join(home, path), { throwIfNoEntry: false });
    if (!stat) return [];
    const kind = stat.isFile()
      ? "file"
      : stat.isDirectory()
        ? "folder"
        : stat.isSymbolicLink()
          ? "link"
          : "other";
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
    return [{ path, kind, bytes: stat.size, mode, changedAt: stat.mtime.toISOString() }];
  });
}

const logLimit = 2_000_000;

/** The last lines of Codex's log of logins; none where there is no such file, or it is too large to be read. */
function loginLogTail(fs: FileSystem, home: string, lines: number): string[] {
  const text = readTextIfReadable(fs, join(home, "log/codex-login.log"), { limitBytes: logLimit });
  return text === null ? [] : text.trimEnd().split("\n").slice(-lines);
}
