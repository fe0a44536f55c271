import type { Context } from "../../context.ts";
import { addJobSummary } from "../../store/files/new-file.ts";
import { safeText } from "../../text/safe-text.ts";
import { percentText } from "../../ui/forecast-lines.ts";

export interface Verdict {
  passed: boolean;
  minRemainingPercent: number;
  accounts: readonly { passed: boolean; row: number; name: string; reason: string }[];
}

export function headline({ passed, minRemainingPercent, accounts }: Verdict): string {
  const percent = `${percentText(minRemainingPercent)} %`;
  if (accounts.length === 0)
    return "No: there are no accounts. Take in the login you have: codex auth import";
  if (passed) return `Yes: an account has at least ${percent} left.`;
  const [only] = accounts;
  return accounts.length === 1 && only
    ? `No: ${only.name} does not have ${percent} left.`
    : `No account has ${percent} left.`;
}

/** An annotation goes to the log of the job, its summary to the file that the runner names. */
export function tellGitHub(ctx: Context, report: Verdict): void {
  const text = headline(report);
  const escaped = text.replaceAll("%", "%25");
  if (!report.passed) ctx.stderr.write(`::error title=codex-auth guard::${escaped}\n`);
  const file = ctx.env["GITHUB_STEP_SUMMARY"];
  if (!file) return;
  const cell = (word: string) => safeText(word).replaceAll(/[|<>&\\`*_[\]]/g, "\\$&");
  const rows = report.accounts.map(
    ({ passed, row, name, reason }) =>
      `| ${passed ? "yes" : "no"} | ${row} | ${cell(name)} | ${cell(reason)} |`,
  );
  const lines = [
    `### ${cell(text)}`,
    "",
    "| passes | row | account | why |",
    "| --- | --- | --- | --- |",
    ...rows,
  ];
  addJobSummary(ctx.fs, file, `${lines.join("\n")}\n\n`);
}
