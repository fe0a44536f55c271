import type { Content } from "../program/command.ts";

/** Every command, in the order of `--help`. What runs them is in index.ts; those of every day are in daily.ts too. */
export const contents: readonly Content[] = [
  { name: "login", summary: "Sign in and add the account, or renew one", aliases: [] },
  { name: "import", summary: "Take in logins: auth.json files, stores of other tools, bundles", aliases: [] },
  { name: "list", summary: "Show the accounts", aliases: ["ls"] },
  { name: "status", summary: "Show the login that Codex uses now, and why", aliases: ["current", "whoami"] },
  { name: "watch", summary: "Stay open and show accounts, resets and what to use next", aliases: [] },
  { name: "switch", summary: "Make an account the active one", aliases: ["use"] },
  { name: "use-here", summary: "Choose the account of this folder, for exec", aliases: [] },
  { name: "label", summary: "Give an account a short name", aliases: [] },
  { name: "pause", summary: "Take accounts out of automatic selection", aliases: [] },
  { name: "resume", summary: "Put paused accounts back into selection", aliases: [] },
  { name: "remove", summary: "Remove accounts from this machine; revokes nothing", aliases: ["rm"] },
  { name: "export", summary: "Write accounts out: auth.json files, for other tools, bundles", aliases: [] },
  { name: "backup", summary: "List backups of the pool, or restore one", aliases: [] },
  { name: "seal", summary: "Encrypt the pool and its backups with a key from elsewhere", aliases: [] },
  { name: "unseal", summary: "Take the encryption off again", aliases: [] },
  {
    name: "forecast",
    summary: "Show what is left, how long it lasts, and which account to use next",
    aliases: [],
  },
  {
    name: "why",
    summary: "Explain which account would be used next: every score, and who was passed over",
    aliases: ["why-selected"],
  },
  {
    name: "report",
    summary: "Show everything: quota, usage by day, forecast, findings; as text, JSON or a page",
    aliases: [],
  },
  { name: "guard", summary: "Exit 0 while enough quota is left, else 1", aliases: [] },
  {
    name: "statusline",
    summary: "Print one short line for a prompt, from what is known already",
    aliases: [],
  },
  { name: "token", summary: "Print a valid access token, renewing it only when it must be", aliases: [] },
  { name: "exec", summary: "Run one command with another account than the active one", aliases: ["run"] },
  {
    name: "rotation",
    summary: "Run the proxy that moves a running Codex to the next account: start, stop, status",
    aliases: [],
  },
  {
    name: "gateway",
    summary: "Serve the pool to other programs, with keys and limits: start, key, usage",
    aliases: [],
  },
  { name: "check", summary: "Ask OpenAI whether each login works, and what is left", aliases: [] },
  {
    name: "verify-flagged",
    summary: "Test accounts that need a new sign-in, and use the healthy ones again",
    aliases: [],
  },
  { name: "doctor", summary: "Find problems and say how to fix them", aliases: [] },
  { name: "fix", summary: "Fix what can be fixed safely", aliases: [] },
  {
    name: "explain",
    summary: "Explain an error of Codex: cause, fix, and what points to it here",
    aliases: [],
  },
  { name: "init", summary: "Print what makes `codex auth …` and TAB work in a shell", aliases: [] },
  { name: "completion", summary: "Print the completions of a shell alone", aliases: [] },
  {
    name: "move-here",
    summary: "Let the pool serve this CODEX_HOME, and no longer another one",
    aliases: [],
  },
  { name: "uninstall", summary: "List everything that codex-auth has written, and remove it", aliases: [] },
  { name: "demo", summary: "Try it on three made-up accounts in a temporary folder", aliases: [] },
];

/** The commands of the small program, which are typed, or asked by a prompt, many times a day. */
export const dailyNames = ["list", "status", "switch", "forecast", "statusline", "completion"] as const;

export type DailyName = (typeof dailyNames)[number];
