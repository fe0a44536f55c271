import type { Finding } from "../errors/finding.ts";
import { asFileError } from "../store/file-error.ts";
import { findingText } from "./without-secrets.ts";
import type { Area, Check, Diagnosis, Looked, Sighting } from "./check.ts";
import { withoutRefuted } from "./refuted.ts";
import type { Scene } from "./scene.ts";

/** What became of one check. */
interface CheckResult {
  id: string;
  area: Area;
  title: string;
  status: "ok" | "found" | "skipped" | "failed";
  /** Why it was skipped, or failed. */
  reason: string | null;
}

export interface Examination {
  findings: Diagnosis[];
  checks: CheckResult[];
}

const order = { error: 0, warning: 1, info: 2 };

/** Runs the checks one after another; findings come worst first. */
export async function examine(
  scene: Scene,
  checks: readonly Check[],
  { isLive = false }: { isLive?: boolean } = {},
): Promise<Examination> {
  const examination: Examination = { findings: [], checks: [] };
  for (const check of checks) {
    const looked =
      check.isLive && !isLive
        ? { skipped: "asks the network: --live" }
        : await look(scene, check, examination.findings);
    examination.checks.push(resultOf(check, looked));
    examination.findings.push(...diagnose(check, looked, isLive));
  }
  examination.findings.push(...failures(examination.checks));
  examination.findings.sort((a, b) => order[a.severity] - order[b.severity]);
  return examination;
}

/** Of one check, as plain findings. */
export function findingsOf({ id, area, severity }: Check, sightings: readonly Sighting[]): Finding[] {
  return sightings.map((each) => ({
    id,
    severity: each.severity ?? severity,
    message: findingText(area, each.message),
    fix: each.fix,
  }));
}

/** As every command tells it, without what only `doctor` shows. */
export function plainFinding({ id, severity, message, fix }: Finding): Finding {
  return { id, severity, message, fix };
}

type Outcome = Looked | { failed: string };

/** A check that cannot look is no reason to hide what the others see. */
export async function look(scene: Scene, check: Check, found: readonly Diagnosis[] = []): Promise<Outcome> {
  if (isBelowMissingHome(scene, check)) return { skipped: "CODEX_HOME is no folder that can be used" };
  try {
    return await withoutRefuted(scene, await check.look(scene, found));
  } catch (error) {
    const known = asFileError(error);
    if (known) return { failed: known.message };
    throw error;
  }
}

/** Without its folder there is nothing to say of any file in it; that it is missing is a finding of the environment. */
function isBelowMissingHome({ problem, homeProblem }: Scene, { area }: Check): boolean {
  const isUnusable = problem?.code === "codex_home_missing" || homeProblem !== null;
  return isUnusable && ["credentials", "config", "store"].includes(area);
}

function resultOf({ id, area, title }: Check, looked: Outcome): CheckResult {
  const base = { id, area, title };
  if ("failed" in looked) return { ...base, status: "failed", reason: looked.failed };
  if ("skipped" in looked) return { ...base, status: "skipped", reason: looked.skipped };
  return { ...base, status: looked.length > 0 ? "found" : "ok", reason: null };
}

function diagnose(check: Check, looked: Outcome, isLive: boolean): Diagnosis[] {
  if ("skipped" in looked || "failed" in looked) return [];
  const plain = findingsOf(check, looked);
  const hasMend = check.mend !== undefined && (isLive || !check.mend.isLive);
  return looked.map(({ evidence = [], canMend = true }, index) => ({
    ...(plain[index] as Finding),
    area: check.area,
    evidence: evidence.map((line) => findingText(check.area, line)),
    canMend: canMend && hasMend,
  }));
}

/** What keeps several checks from looking is one finding, with their ids as evidence. */
function failures(checks: readonly CheckResult[]): Diagnosis[] {
  const failed = checks.filter(({ status }) => status === "failed");
  return [...new Set(failed.map(({ reason }) => reason))].flatMap((reason) => {
    const group = failed.filter((each) => each.reason === reason);
    const [first] = group;
    return first ? [failure(first, group)] : [];
  });
}

function failure({ area, title, reason }: CheckResult, group: readonly CheckResult[]): Diagnosis {
  const what =
    group.length === 1
      ? `It could not be looked whether ${title}`
      : `${group.length} checks could not be made`;
  return {
    id: "check_failed",
    area,
    severity: "warning",
    message: `${what}: ${reason}`,
    fix: null,
    evidence: group.map(({ id }) => id),
    canMend: false,
  };
}
