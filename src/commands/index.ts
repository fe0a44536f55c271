import type { CommandEntry } from "../cli/command-table.ts";

/** The table of contents: every command, in the order of `--help`. Bodies load on demand. */
export const commands: readonly CommandEntry[] = [
  entry(
    "login",
    "Sign in and add the account, or renew one; the live login stays",
    async () => (await import("./login.ts")).default,
  ),
  entry(
    "import",
    "Take in logins: auth.json files, stores of other tools, bundles",
    async () => (await import("./import.ts")).default,
  ),
  entry("list", "Show the accounts", async () => (await import("./list.ts")).default, ["ls"]),
  entry(
    "status",
    "Show the login that Codex uses now, and why",
    async () => (await import("./status.ts")).default,
    ["current", "whoami"],
  ),
  entry("switch", "Make an account the active one", async () => (await import("./switch.ts")).default, [
    "use",
  ]),
  entry(
    "use-here",
    "Choose the account of this folder, for exec",
    async () => (await import("./use-here.ts")).default,
  ),
  entry("label", "Give an account a short name", async () => (await import("./label.ts")).default),
  entry(
    "pause",
    "Take accounts out of automatic selection",
    async () => (await import("./pause.ts")).default,
  ),
  entry(
    "resume",
    "Put paused accounts back into selection",
    async () => (await import("./resume.ts")).default,
  ),
  entry(
    "remove",
    "Forget accounts on this machine; revokes nothing",
    async () => (await import("./remove.ts")).default,
    ["rm"],
  ),
  entry(
    "export",
    "Write accounts out: auth.json files, for other tools, bundles",
    async () => (await import("./export.ts")).default,
  ),
  entry(
    "backup",
    "List backups of the pool, or restore one",
    async () => (await import("./backup.ts")).default,
  ),
  entry(
    "forecast",
    "Show what is left, how long it lasts, and which account to use next",
    async () => (await import("./forecast.ts")).default,
  ),
  entry(
    "why",
    "Explain which account would be used next: every score, and who was passed over",
    async () => (await import("./why.ts")).default,
    ["why-selected"],
  ),
  entry(
    "report",
    "Show everything: quota, usage by day, forecast, findings; as text, JSON or a page",
    async () => (await import("./report.ts")).default,
  ),
  entry(
    "guard",
    "Exit 0 while enough quota is left, else 1",
    async () => (await import("./guard.ts")).default,
  ),
  entry(
    "statusline",
    "Print one short line for a prompt, from what is known already",
    async () => (await import("./statusline.ts")).default,
  ),
  entry(
    "token",
    "Print a valid access token, renewing it only when it must be",
    async () => (await import("./token.ts")).default,
  ),
  entry(
    "exec",
    "Run one command with one account, beside the active one",
    async () => (await import("./exec.ts")).default,
    ["run"],
  ),
  entry(
    "rotation",
    "Run the proxy that moves a running Codex to the next account: start, stop, status",
    async () => (await import("./rotation.ts")).default,
  ),
  entry(
    "gateway",
    "Serve the pool to other programs, with keys and limits: start, key, usage",
    async () => (await import("./gateway/gateway.ts")).default,
  ),
  entry(
    "check",
    "Ask OpenAI about accounts: login and usage",
    async () => (await import("./check.ts")).default,
  ),
  entry(
    "verify-flagged",
    "Test accounts that were set aside, and restore the healthy ones",
    async () => (await import("./verify-flagged.ts")).default,
  ),
  entry(
    "doctor",
    "Look for every known fault, and say what ends it",
    async () => (await import("./doctor.ts")).default,
  ),
  entry("fix", "Mend what can be mended safely", async () => (await import("./fix.ts")).default),
  entry(
    "explain",
    "Explain an error text of Codex, and show what this machine has of it",
    async () => (await import("./explain.ts")).default,
  ),
  entry(
    "init",
    "Print what makes `codex auth …` and TAB work in a shell",
    async () => (await import("./init.ts")).default,
  ),
  entry(
    "completion",
    "Print the completions of a shell alone",
    async () => (await import("./completion.ts")).default,
  ),
  entry(
    "move-here",
    "Let the pool serve this CODEX_HOME, and no longer another one",
    async () => (await import("./move-here.ts")).default,
  ),
  entry(
    "uninstall",
    "List everything that codex-auth has written, and remove it",
    async () => (await import("./uninstall.ts")).default,
  ),
  entry(
    "demo",
    "Try it on three made-up accounts in a temporary folder",
    async () => (await import("./demo.ts")).default,
  ),
];

function entry(
  name: string,
  summary: string,
  load: CommandEntry["load"],
  aliases: readonly string[] = [],
): CommandEntry {
  return { name, summary, load, aliases };
}
