import type { Login } from "../../codex/auth-json.ts";
import { accessOnly } from "../../codex/login-documents.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { bundleText } from "../../interchange/bundle.ts";
import { cliProxyApiDocument } from "../../interchange/cliproxyapi.ts";
import { openCodeDocument } from "../../interchange/opencode.ts";
import { type Account, plainName } from "../../pool/account.ts";
import { authFileText } from "../../store/auth-file.ts";

export const exportFormats = ["codex", "opencode", "cliproxyapi", "bundle"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** One file to be written; the accounts in it. */
export interface ExportText {
  /** Without the ending. */
  fileName: string;
  text: string;
  accounts: readonly Account[];
}

interface Options {
  format: ExportFormat;
  nowMs: number;
  /** Null leaves a bundle open. */
  passphrase: string | null;
}

/** The files of an export: a bundle holds all accounts, every other format one a file. */
export function exportTexts(accounts: readonly Account[], options: Options): ExportText[] {
  const { format } = options;
  if (format === "bundle") return [bundleOf(accounts, options)];
  return accounts.map((account) => ({
    fileName: format === "cliproxyapi" ? `codex-${fileName(account)}` : fileName(account),
    text: documentText(account, format),
    accounts: [account],
  }));
}

/** An auth.json with an access token only, of each account; the login comes with it as it is after a renewal. */
export function leaseText(account: Account, login: Login, nowMs: number): ExportText & { endsAt: string } {
  if (login.kind !== "chatgpt" || login.expiresAtSec === null) {
    const why =
      login.kind === "chatgpt"
        ? "its access token does not say when it ends"
        : "it has no access token that ends";
    const hint = "A lease is of a ChatGPT login. Nothing was written.";
    throw new CodexAuthError("export_refused", `There is no lease of ${plainName(account)}: ${why}.`, {
      hint,
    });
  }
  return {
    fileName: fileName(account),
    text: authFileText(accessOnly(login, nowMs)),
    accounts: [account],
    endsAt: new Date(login.expiresAtSec * 1000).toISOString(),
  };
}

function documentText(account: Account, format: Exclude<ExportFormat, "bundle">): string {
  if (format === "codex") return authFileText(account.auth);
  const { login } = account;
  if (format === "opencode") {
    const document = openCodeDocument(login);
    if (document) return authFileText(document);
    throw unsuited(account, "OpenCode takes API keys and ChatGPT logins that say when they end");
  }
  if (login.kind !== "chatgpt" || login.expiresAtSec === null)
    throw unsuited(account, "CLIProxyAPI takes ChatGPT logins that say when they end");
  return authFileText(cliProxyApiDocument(login));
}

function bundleOf(accounts: readonly Account[], { nowMs, passphrase }: Options): ExportText {
  const whole = accounts.map(({ label, pausedAt, flag, auth }) => ({
    label,
    pausedAt,
    setAside: flag,
    auth,
  }));
  const fileName = `codex-auth-${new Date(nowMs).toISOString().slice(0, 10)}`;
  return { fileName, text: bundleText(whole, { nowMs, passphrase }), accounts };
}

/** The id makes it unique: two seats may share an e-mail. */
function fileName({ label, login, id }: Account): string {
  return `${(label ?? login.email ?? "account").replaceAll(/[^\w.@+-]/g, "_")}-${id}`;
}

function unsuited(account: Account, why: string): CodexAuthError {
  return new CodexAuthError(
    "export_refused",
    `${plainName(account)} cannot be written in this form: ${why}.`,
    {
      hint: "Leave it out, or choose another form: --format codex, --format bundle. Nothing was written.",
    },
  );
}
