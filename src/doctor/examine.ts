import type { Finding } from "../errors/codex-auth-error.ts";
import { asFileError } from "../machine/file-error.ts";
import {
  type Area,
  type DoctorCheck,
  type DoctorFinding,
  findingText,
  isSealedAway,
  type Looked,
  sealKeyId,
  type FoundFault,
  withoutRefuted,
} from "./check.ts";
import type { Facts } from "./facts.ts";

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
  findings: DoctorFinding[];
  checks: CheckResult[];
}

const order = { error: 0, warning: 1, info: 2 };

interface Watched {
  isLive?: boolean;
  /** Gets what each check has found, before the next one looks. */
  onLooked?: (check: DoctorCheck, found: readonly FoundFault[]) => Promise<void> | void;
}

/** Runs the checks one after another, each on the facts of its time; findings come worst first. */
export async function examine(
  facts: Facts | (() => Facts),
  checks: readonly DoctorCheck[],
  { isLive = false, onLooked }: Watched = {},
): Promise<Examination> {
  const examination: Examination = { findings: [], checks: [] };
  for (const check of checks) {
    const looked =
      check.isLive && !isLive
        ? { skipped: "only with --live, because it asks OpenAI" }
        : await look(typeof facts === "function" ? facts() : facts, check, examination.findings);
    examination.checks.push(resultOf(check, looked));
    examination.findings.push(...diagnose(check, looked, isLive));
    await onLooked?.(check, "skipped" in looked || "failed" in looked ? [] : looked);
  }
  examination.findings.push(...failures(examination.checks));
  examination.findings.sort((a, b) => order[a.severity] - order[b.severity]);
  return examination;
}

/** Of one check, as plain findings. */
export function findingsOf(
  { id, area, severity }: DoctorCheck,
  foundFaults: readonly FoundFault[],
): Finding[] {
  return foundFaults.map((each) => ({
    id,
    severity: each.severity ?? severity,
    message: findingText(area, each.message),
    fix: each.command,
  }));
}

/** As every command tells it, without what only `doctor` shows. */
export function plainFinding({ id, severity, message, fix }: Finding): Finding {
  return { id, severity, message, fix };
}

type Outcome = Looked | { failed: string };

/** A check that cannot look is no reason to hide what the others see. */
async function look(facts: Facts, check: DoctorCheck, found: readonly DoctorFinding[]): Promise<Outcome> {
  if (isBelowMissingHome(facts, check)) return { skipped: "CODEX_HOME is no folder that can be used" };
  if (isSealedAway(facts.problem) && check.area === "store" && check.id !== sealKeyId)
    return { skipped: "the pool is sealed with a key that is not here" };
  try {
    return await withoutRefuted(facts, await check.look(facts, found));
  } catch (error) {
    const known = asFileError(error);
    if (known) return { failed: known.message };
    throw error;
  }
}

/** Without its folder there is nothing to say of any file in it; that it is missing is a finding of the environment. */
function isBelowMissingHome({ problem, homeProblem }: Facts, { area }: DoctorCheck): boolean {
  const isUnusable = problem?.code === "codex_home_missing" || homeProblem !== null;
  return isUnusable && ["credentials", "config", "store"].includes(area);
}

function resultOf({ id, area, title }: DoctorCheck, looked: Outcome): CheckResult {
  const base = { id, area, title };
  if ("failed" in looked) return { ...base, status: "failed", reason: looked.failed };
  if ("skipped" in looked) return { ...base, status: "skipped", reason: looked.skipped };
  return { ...base, status: looked.length > 0 ? "found" : "ok", reason: null };
}

function diagnose(check: DoctorCheck, looked: Outcome, isLive: boolean): DoctorFinding[] {
  if ("skipped" in looked || "failed" in looked) return [];
  const plain = findingsOf(check, looked);
  return looked.map(({ evidence = [], fix }, index) => ({
    ...(plain[index] as Finding),
    area: check.area,
    evidence: evidence.map((line) => findingText(check.area, line)),
    canMend: fix ? isLive || !fix.isLive : false,
  }));
}

/** What keeps several checks from looking is one finding, with their ids as evidence. */
function failures(checks: readonly CheckResult[]): DoctorFinding[] {
  const failed = checks.filter(({ status }) => status === "failed");
  return [...new Set(failed.map(({ reason }) => reason))].flatMap((reason) => {
    const group = failed.filter((each) => each.reason === reason);
    const [first] = group;
    return first ? [failure(first, group)] : [];
  });
}

function failure({ area, title, reason }: CheckResult, group: readonly CheckResult[]): DoctorFinding {
  const what =
    group.length === 1 ? `This could not be checked: ${title}` : `${group.length} checks could not be made`;
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
