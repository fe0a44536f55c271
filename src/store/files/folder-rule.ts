import { dirname, join } from "node:path";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { readOpened, withRegular } from "../../machine/guarded-file.ts";
import { userHome } from "../../machine/paths.ts";
import { type Account, accountName } from "../../pool/account.ts";
import { accountsNamed, candidateRows } from "../../pool/select.ts";
import { redact } from "../../text/safe-text.ts";
import { commitFile, stageFile } from "../atomic-write.ts";
import type { Snapshot } from "../store.ts";

/** A file of this name holds the label, e-mail or id of the account for its folder and all below. No secret. */
const ruleFile = ".codex-auth";

interface FolderRule {
  folder: string;
  path: string;
  /** Not looked up yet. */
  name: string;
}

const limitBytes = 4096;
const nameLimit = 254;

/**
 * The nearest rule from `folder` up to `home`, or to the root. Anybody may have written the file, for example into a
 * project that was cloned: one that cannot be a rule throws `folder_rule_invalid` and is never passed over.
 */
export function findFolderRule(fs: FileSystem, folder: string, home: string): FolderRule | null {
  const path = join(folder, ruleFile);
  const text = readRule(fs, path);
  if (text !== null) return { folder, path, name: nameIn(text, path) };
  const parent = dirname(folder);
  return folder === home || parent === folder ? null : findFolderRule(fs, parent, home);
}

/** Null when there is no file; a folder of that name is no rule. */
function readRule(fs: FileSystem, path: string): string | null {
  try {
    // A link could lead to a secret, which a message would then quote.
    return withRegular(fs, path, { limitBytes, followsLinks: false }, (fd) => {
      const { uid } = fs.fstatSync(fd);
      if (isForeign(uid)) throw foreign(path, uid);
      return readOpened(fs, fd, limitBytes).toString();
    });
  } catch (error) {
    const code = errorCode(error);
    if (error instanceof CodexAuthError) throw error;
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) return null;
    throw invalid(path, problems[code] ?? code, error);
  }
}

const problems: Record<string, string> = {
  ELOOP: "it is a symbolic link",
  ENXIO: "it is no regular file",
  EFBIG: "it is too large",
  EACCES: "it cannot be read",
};

/** In a folder like /tmp, others could choose the account of what we start, root's too. */
function isForeign(owner: number): boolean {
  const own = process.geteuid?.() ?? owner;
  return owner !== 0 && owner !== own;
}

function foreign(path: string, owner: number): CodexAuthError {
  const message = `${path} cannot tell which account to use: it belongs to another user (${owner}).`;
  const hint = `Name the account: codex auth exec <account> -- …, or set CODEX_AUTH_ACCOUNT. Where the file is meant for you, make it yours: codex auth use-here <account> in ${dirname(path)}`;
  return new CodexAuthError("folder_rule_invalid", message, { hint });
}

function nameIn(text: string, path: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const [name = "", ...more] = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (name === "") throw invalid(path, "it names no account");
  if (more.length > 0) throw invalid(path, "it has more than one line");
  if (name.length > nameLimit || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/u.test(name))
    throw invalid(path, "what it holds is no name of an account");
  return name;
}

/** Makes or replaces the rule of a folder and returns its path. */
export function writeFolderRule(fs: FileSystem, folder: string, name: string): string {
  const path = join(folder, ruleFile);
  const there = fs.lstatSync(path, { throwIfNoEntry: false });
  if (there && !there.isFile()) throw invalid(path, "something else than a file is there");
  commitFile(fs, stageFile(fs, path, `${comment}\n${name}\n`, 0o644));
  return path;
}

const comment = "# The account for `codex auth exec` here and below: a label, an e-mail or an id.";

/** Whether there was one. */
export function removeFolderRule(fs: FileSystem, folder: string): boolean {
  const path = join(folder, ruleFile);
  try {
    const there = fs.lstatSync(path, { throwIfNoEntry: false });
    if (!there || there.isDirectory()) return false;
    fs.unlinkSync(path);
    return true;
  } catch (error) {
    throw fileError(error, `remove ${path}`);
  }
}

function invalid(path: string, why: string, cause?: unknown): CodexAuthError {
  return new CodexAuthError("folder_rule_invalid", `${path} cannot tell which account to use: ${why}.`, {
    hint: `In ${dirname(path)}: codex auth use-here <account>, or codex auth use-here --clear`,
    ...(cause === undefined ? {} : { cause }),
  });
}

export const accountVariable = "CODEX_AUTH_ACCOUNT";

/** An account that nobody named on the command line, and who chose it. */
export interface ChosenAccount {
  account: Account;
  source: "variable" | "folder" | "active";
  /** The variable, or the path of the file; null for the active account. */
  where: string | null;
}

interface Rule {
  source: "variable" | "folder";
  where: string;
  name: string;
  hint: string;
}

/**
 * The account to use where the command line names none: that of CODEX_AUTH_ACCOUNT, else of the nearest `.codex-auth`
 * file, else the active one. A rule that fits no account, or several, throws: falling back would use a wrong one.
 */
export function chosenAccount(ctx: Context, snapshot: Snapshot): ChosenAccount | null {
  const rule = ruleHere(ctx);
  if (rule) return { account: accountOf(rule, snapshot), source: rule.source, where: rule.where };
  return snapshot.active && { account: snapshot.active, source: "active", where: null };
}

/** For a line to a person: `work (dev@team.example), by /home/ada/project/.codex-auth`. */
export function chosenText(
  { account, where }: Pick<ChosenAccount, "account" | "where">,
  accounts: readonly Account[],
): string {
  return `${accountName(account, accounts)}, ${where === null ? "the active account" : `by ${where}`}`;
}

function ruleHere({ env, fs, cwd }: Context): Rule | null {
  const value = env[accountVariable]?.trim();
  if (value) {
    const hint = `Give it a label, an e-mail or an id of codex auth list, or: unset ${accountVariable}`;
    return { source: "variable", where: accountVariable, name: value, hint };
  }
  const found = findFolderRule(fs, cwd, userHome(env));
  if (!found) return null;
  const hint = `In ${found.folder}: codex auth use-here <account>, or codex auth use-here --clear`;
  return { source: "folder", where: found.path, name: found.name, hint };
}

/** Only a whole name counts: a row or a part of a name may mean another account tomorrow. */
function accountOf({ where, name, hint }: Rule, { pool }: Snapshot): Account {
  const found = accountsNamed(pool.accounts, name);
  const [account, ...others] = found;
  const shown = redact(name);
  if (!account)
    throw new CodexAuthError("account_not_found", `${where} names "${shown}", which is no account here.`, {
      hint,
    });
  if (others.length === 0) return account;
  throw new CodexAuthError(
    "ambiguous_account",
    `${where} names "${shown}", which matches ${found.length} accounts.`,
    { candidates: candidateRows(found, pool.accounts), hint },
  );
}
