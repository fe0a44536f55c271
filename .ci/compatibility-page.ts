import type { CodexFacts } from "../test/e2e/facts/facts.ts";
import { configKeys, differencesOf } from "./codex-differences.ts";

/** docs/compatibility.md: what is told from the facts of every version that is tried. */
export function compatibilityPage(facts: readonly CodexFacts[]): string {
  const sorted = facts.toSorted((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
  return `${[
    "# Versions of Codex",
    "Written by `npm run compare-codex` from what each version says of itself, with its network cut; a test compares. The end-to-end tests (`npm run e2e`) run with all of them: everything with the newest, what Codex itself does with each one from 0.169 on, and logins, turns and renewals with 0.63 too.",
    versionTable(sorted),
    "Other versions are not refused. `codex auth doctor` says so when the one that is installed is older or newer, and asks the installed program itself whether it can read its configuration.",
    ...sorted.slice(0, -1).flatMap((after, index) => {
      const before = sorted[index + 1];
      return before ? [section(before, after)] : [];
    }),
  ].join("\n\n")}\n`;
}

function versionTable(facts: readonly CodexFacts[]): string {
  const rows = facts.map(({ version, databases, protocol, config }) => [
    version,
    String(Object.values(databases).reduce((sum, { length }) => sum + length, 0) || "none"),
    String(protocol.requests.length),
    String(protocol.errorInfo.length),
    config === null ? "not asked" : String(Object.keys(configKeys(config)).length),
  ]);
  const head = ["Codex", "Migrations", "Requests of the app-server", "CodexErrorInfo", "Keys of config.toml"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function section(before: CodexFacts, after: CodexFacts): string {
  const parts = differencesOf(before, after).filter(({ lines }) => lines.length > 0);
  const texts = parts.map(({ title, lines }) => `**${title}** (${lines.length}): ${shown(lines)}`);
  return [`## From ${before.version} to ${after.version}`, ...texts].join("\n\n");
}

/** A page is for reading: of a long list the beginning, and the command that shows all of it. */
function shown(lines: readonly string[]): string {
  const some = lines.slice(0, 25).map((line) => `\`${line}\``);
  const rest = lines.length - some.length;
  return `${some.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}.`;
}

/** Everything, for the terminal. */
export function differencesText(before: CodexFacts, after: CodexFacts): string {
  return differencesOf(before, after)
    .map(({ title, lines }) =>
      [`${title}: ${lines.length || "no difference"}`, ...lines.map((line) => `  ${line}`)].join("\n"),
    )
    .join("\n\n");
}
