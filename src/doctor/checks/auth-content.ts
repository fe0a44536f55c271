import { isRecord } from "../../text/json.ts";
import type { AuthDocument, Login } from "../../codex/auth-json.ts";
import { loginRestriction } from "../../codex/config/toml.ts";
import { dated, salvageLogin } from "../../codex/login-documents.ts";
import { decodedText } from "../../codex/tidy-tokens.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { readStoreFiles } from "../../interchange/detect-format.ts";
import { type Account, accountName, nameAmong, repaired } from "../../pool/account.ts";
import { adopt } from "../../pool/adopt.ts";
import { isReplaceable, refuseUnreplaceable } from "../../store/auth-file.ts";
import type { Transaction, Snapshot } from "../../store/store.ts";
import { shellWord } from "../../text/shell-words.ts";
import { fileCheck, type Fix, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { accountLines, dateLine, nameOf, switchCommand, whereOf } from "./accounts.ts";

/** What can be put into an auth.json that Codex cannot use: what is left in it, or else the account that was active. */
interface LostLogin {
  name: string;
  login: Login;
  /** It was read from the damaged file itself. */
  isSalvaged: boolean;
}

function lostLogin({ snapshot, live, config, nowMs }: Facts): LostLogin | null {
  const salvaged = live && salvagedLogin(live, nowMs);
  const account = snapshot && activeBefore(snapshot);
  const login = salvaged ?? account?.login;
  // Codex would delete it again.
  if (!login || !snapshot || (config.settings && loginRestriction(config.settings, login))) return null;
  if (salvaged) return { name: salvaged.email ?? salvaged.kind, login, isSalvaged: true };
  return account ? { name: accountName(account, snapshot.pool.accounts), login, isSalvaged: false } : null;
}

/** The mend: nothing is done when somebody has written auth.json meanwhile. */
async function bringBackLogin({ ctx, nowMs }: Facts): Promise<void> {
  await ctx.store.transaction("fix", (transaction) => {
    const { state } = transaction.live;
    if (state === "login" || state === "missing") return;
    const salvaged = salvagedLogin(transaction.live, nowMs);
    const account = salvaged ? taken(transaction, salvaged, nowMs) : activeBefore(transaction);
    if (!account) throw new CodexAuthError("account_not_found", "The pool no longer knows the account.");
    transaction.activate(account, { replaceBroken: true });
  });
}

function salvagedLogin({ state, bytes }: Transaction["live"], nowMs: number): Login | null {
  return state === "broken" && bytes ? salvageLogin(decodedText(bytes).text, nowMs) : null;
}

function taken(transaction: Transaction, login: Login, nowMs: number): Account {
  const { account, displaced } = adopt(transaction.pool, login, { nowMs, tie: "login" });
  if (displaced) transaction.keepDisplaced(displaced);
  return account;
}

/** Where auth.json holds no login, the pool calls nobody active, and the one before is the last that was. */
function activeBefore({ pool, live }: Pick<Snapshot, "pool" | "live">): Account | null {
  const id = live.state === "broken" ? pool.activeId : (pool.activeId ?? pool.previousId);
  return pool.accounts.find((account) => account.id === id) ?? null;
}

export const authFileBlank = fileCheck({
  id: "auth_file_blank",
  area: "credentials",
  severity: "error",
  title: "auth.json holds no credentials, although Codex calls it logged in",
  look: (live, facts) => {
    if (live.state !== "blank") return [];
    const message = `${whereOf(live)} holds no credentials, although Codex calls it "logged in".`;
    const lost = lostLogin(facts);
    const fix = lost && {
      does: `Put back the login of ${lost.name} into ${live.place.name}.`,
      apply: () => bringBackLogin(facts),
    };
    return [{ message, evidence: accountLines(facts), command: switchCommand(facts), fix }];
  },
});

/** The tool in whose form the file is, where `import` can read it. */
function toolOf(bytes: Uint8Array | null): string | null {
  const { text } = decodedText(bytes ?? new Uint8Array());
  const [reading] = readStoreFiles([{ path: "auth.json", text }], { from: null, passphrase: null });
  if (reading?.kind !== "entries" || reading.format === null || reading.format === "codex") return null;
  return reading.entries.some(({ kind }) => kind === "login") ? reading.format : null;
}

function otherShape(tool: string, target: string): FoundFault {
  return {
    message: `${target} is in the form of ${names[tool] ?? tool}, which Codex cannot read, so it sends requests without a login. codex auth import reads it; then make the account active with codex auth switch <account> --replace-broken.`,
    command: `codex auth import ${shellWord(target)}`,
  };
}

const names: Record<string, string> = { opencode: "OpenCode", cliproxyapi: "CLIProxyAPI" };

export const authFileUnreadable = fileCheck({
  id: "auth_file_unreadable",
  area: "credentials",
  severity: "error",
  title: "auth.json is torn, empty or of another shape",
  look: (live, facts) => {
    const { target, problem, bytes } = live;
    if (live.state !== "broken") return [];
    const tool = toolOf(bytes);
    if (tool !== null) return [otherShape(tool, target)];
    const message = `${whereOf(live)} cannot be read: ${problem}. Codex sends requests without a login.`;
    const command = `${switchCommand(facts)} --replace-broken`;
    const lost = lostLogin(facts);
    return [{ message, evidence: accountLines(facts), command, fix: lost && replacing(lost, facts) }];
  },
});

function replacing({ name, isSalvaged }: LostLogin, facts: Facts): Fix {
  const place = facts.live?.place;
  const kept = place?.kind === "keyring" ? "what it holds is kept" : "the damaged file stays beside it";
  const what = isSalvaged ? "Write what is left of the login of" : "Put back the login of";
  return {
    does: `${what} ${name} into ${place?.name}; ${kept} as auth.json.broken-<time>.`,
    apply: () => bringBackLogin(facts),
  };
}

/** As it is after every renewal by Codex; nothing is wrong, but a copy of the pool alone would be out of date. */
export const authFileNewer = fileCheck({
  id: "auth_file_newer",
  area: "credentials",
  severity: "info",
  title: "auth.json holds a newer token than the pool",
  look: (live, { snapshot, ctx }) => {
    const { login, bytes } = live;
    if (snapshot?.adoption?.outcome !== "updated" || !login || !bytes) return [];
    const { account } = snapshot.adoption;
    const message = `${nameOf(live)} holds a newer login of ${nameAmong(snapshot.pool.accounts)(account)} than the pool; the next command takes it in.`;
    const fix = {
      does: `Take the newer login of ${live.place.name} into the pool.`,
      // Adoption is the first thing that a transaction does.
      apply: () => ctx.store.transaction("fix", () => undefined),
    };
    return [{ message, evidence: [dateLine(live.place.name, login)], command: "codex auth import", fix }];
  },
});

/** A token that is spent, most likely: the pool's came from it, or after it. */
export const authFileOlder = fileCheck({
  id: "auth_file_older",
  area: "credentials",
  severity: "warning",
  title: "auth.json holds an older token than the pool",
  look: (live, facts) => {
    const { login } = live;
    const adoption = facts.snapshot?.adoption;
    if (adoption?.outcome !== "kept" || !login) return [];
    const { login: held, refresh } = adoption.account;
    const fix = {
      does: `Write the login of the pool into ${live.place.name}.`,
      apply: () =>
        facts.ctx.store.transaction("fix", (transaction) => {
          if (transaction.active && transaction.adoption?.outcome === "kept")
            transaction.renewLive(transaction.active);
        }),
    };
    const common = { command: switchCommand(facts), fix: isReplaceable(live) ? fix : null };
    if (login.accessToken !== held.accessToken) {
      const message = `${nameOf(live)} holds an older token than the pool; Codex may fail to renew it.`;
      return [
        { message, evidence: [dateLine(live.place.name, login), dateLine("the pool", held)], ...common },
      ];
    }
    // While a renewal is under way, that is how it has to be.
    if (login.refreshToken !== "" || refresh !== null) return [];
    return [{ message: `${nameOf(live)} has no refresh token, although the pool has one.`, ...common }];
  },
});

/** Left by an old Codex that renewed one account while another one was made live. */
export const accountIdMismatch = fileCheck({
  id: "account_id_mismatch",
  area: "credentials",
  severity: "error",
  title: "auth.json names another workspace than its tokens",
  look: (live, facts) => {
    const { login } = live;
    const named = login && namedAccountId(login);
    if (!login || login.identity.kind !== "seat" || named === null) return [];
    if (named === login.identity.accountId) return [];
    const message = `${nameOf(live)} holds the tokens of ${login.email ?? login.identity.accountId} under the id of another workspace, which Codex sends along.`;
    const evidence = [
      `account_id: ${named}`,
      `workspace of the tokens: ${login.identity.accountId}`,
      `user of the tokens: ${login.identity.userId}`,
    ];
    const fix = {
      does: `Write the workspace of the tokens into account_id of ${live.place.name}.`,
      apply: () => rewriteLive(facts, (account) => repaired(account.login)),
    };
    return [{ message, evidence, command: "codex auth fix", fix: isReplaceable(live) ? fix : null }];
  },
});

function namedAccountId({ document: { tokens } }: Login): string | null {
  const id = isRecord(tokens) ? tokens["account_id"] : null;
  return typeof id === "string" ? id : null;
}

export const lastRefreshMissing = fileCheck({
  id: "last_refresh_missing",
  area: "credentials",
  severity: "error",
  title: "auth.json has no last_refresh, so that Codex sends no token",
  look: (live, facts) => {
    const { login } = live;
    if (login?.kind !== "chatgpt" || login.lastRefresh !== null) return [];
    const message = `${nameOf(live)} has no last_refresh, so Codex sends requests without a token.`;
    // The account of the pool may have none either.
    if (!isReplaceable(live)) return [{ message, command: switchCommand(facts) }];
    const fix = {
      does: `Write last_refresh into ${live.place.name}: the time when its token was made.`,
      apply: () => rewriteLive(facts, (account) => dated(account.login, facts.nowMs)),
    };
    return [{ message, command: "codex auth fix", fix }];
  },
});

/**
 * Changes fields of the live login, in the pool and in auth.json at once. The login is taken into the pool first, and
 * where the pool has newer tokens, those are written.
 */
export async function rewriteLive(
  { ctx, nowMs }: Facts,
  change: (account: Account) => AuthDocument,
): Promise<void> {
  await ctx.store.transaction("fix", (transaction) => {
    const { login } = transaction.live;
    if (!login) return;
    refuseUnreplaceable(transaction.live);
    const account = transaction.active ?? adopt(transaction.pool, login, { nowMs, tie: "login" }).account;
    account.auth = change(account);
    if (transaction.active) transaction.renewLive(account);
    else transaction.activate(account);
  });
}
