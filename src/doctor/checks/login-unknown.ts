import type { Login } from "../../codex/auth-json.ts";
import { readClaims } from "../../codex/claims.ts";
import { accountIdOf } from "../../pool/account.ts";
import { adopt } from "../../pool/adopt.ts";
import { readLiveFile } from "../../store/auth-file.ts";
import { displacedStrangers, keptAside } from "../../store/files/aside.ts";
import type { Snapshot, Transaction } from "../../store/store.ts";
import { readOwnTextIfReadable } from "../../store/own-text.ts";
import { shellWord } from "../../text/shell-words.ts";
import { type DoctorCheck, fileCheck, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { hiddenLogin } from "./login.ts";

export const loginUnknown = fileCheck({
  id: "login_unknown",
  area: "credentials",
  severity: "warning",
  title: "the login in auth.json is not in the pool",
  look: (_, { snapshot, ctx, nowMs }) => {
    const [found] = snapshot ? unknownLogin(snapshot) : [];
    if (!snapshot || !found) return [];
    const fix = {
      does: `Take the ${loginWords(snapshot.live)} into the pool.`,
      apply: () => ctx.store.transaction("fix", (transaction) => takeLiveLogin(transaction, nowMs)),
    };
    return [{ ...found, fix }];
  },
});

/** The login that Codex has, where the pool does not know it. */
export function unknownLogin({ live, active }: Snapshot): FoundFault[] {
  if (!live.login || active || hiddenLogin(live.login)) return [];
  return [{ message: `The ${loginWords(live)} is not in the pool.`, command: "codex auth import" }];
}

function loginWords({ login, place }: Snapshot["live"]): string {
  return `login in ${place.name} (${login?.email ?? login?.kind})`;
}

export function takeLiveLogin({ pool, live }: Transaction, nowMs: number): void {
  if (live.login) adopt(pool, live.login, { nowMs, tie: "login" });
}

/** No mend: a login that nobody reads is for its person to remove. */
export const authFileUnread: DoctorCheck = {
  id: "auth_file_unread",
  area: "credentials",
  severity: "warning",
  title: "an auth.json lies beside the keyring, and Codex does not read it",
  look: async (facts) => {
    const { live, ctx, paths } = facts;
    // Of a keyring that cannot be read, a check of its own tells.
    if (live?.place.kind !== "keyring" || live.refusal) return [];
    const { login } = readLiveFile(ctx.fs, paths.authFile);
    if (!login) return [];
    const file = shellWord(paths.authFile);
    const message = `${paths.authFile} holds a login (${login.email ?? login.kind}), but Codex keeps its login in the keyring and does not read that file.`;
    const isNews = await isUnknown(facts, login);
    return [
      {
        message,
        evidence: [
          isNews ? "the pool does not have this login" : "the pool has this login, or a newer one of it",
        ],
        command: isNews ? `codex auth import ${file}` : `rm ${file}`,
        ...(isNews ? {} : { severity: "info" as const }),
      },
    ];
  },
};

/** Whether an import would change the pool. */
async function isUnknown({ ctx, nowMs }: Facts, login: Login): Promise<boolean> {
  const { outcome } = await ctx.store.rehearse(({ pool }) => adopt(pool, login, { nowMs, tie: "pool" }));
  return outcome === "added" || outcome === "updated";
}

/** They may hold a token, so nothing but a person removes them. */
export const filesKeptAside: DoctorCheck = {
  id: "files_kept_aside",
  area: "store",
  severity: "info",
  title: "damaged files, or logins that the pool does not have, are kept aside",
  look: (facts) => [...damaged(facts), ...strangers(facts)],
};

function damaged({ ctx, paths, live, snapshot }: Facts): FoundFault[] {
  const evidence = keptAside(ctx.fs, paths, live?.target ?? paths.authFile);
  if (evidence.length === 0) return [];
  const command = `ls -l ${evidence.map(shellWord).join(" ")}`;
  const known = new Set(snapshot?.pool.accounts.map(({ id }) => id));
  const named = evidence.flatMap((path) => seatsIn(readOwnTextIfReadable(ctx.fs, path) ?? ""));
  const missing = new Set(named.flatMap(({ id, name }) => (known.has(id) ? [] : [name])));
  if (missing.size === 0 || !snapshot) {
    const message =
      "Files that could not be read were put aside. Look at them: when no login is missing, delete them.";
    return [{ message, evidence, command }];
  }
  const message = `Files that could not be read were put aside. They name ${[...missing].join(", ")}, which the pool does not have. Sign in again where you still need it (codex auth login), then delete the files.`;
  return [{ message, evidence, command, severity: "warning" }];
}

/** The accounts of whole tokens in a text that is not whole itself. */
function seatsIn(text: string): { id: string; name: string }[] {
  const tokens = text.match(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? [];
  return tokens.flatMap((token) => {
    const { userId, accountId, email, plan } = readClaims(token);
    if (userId === null || accountId === null) return [];
    const name = `${email ?? accountId}${plan === null ? "" : ` (${plan})`}`;
    return [{ id: accountIdOf({ kind: "seat", userId, accountId }), name }];
  });
}

function strangers({ ctx, paths, snapshot }: Facts): FoundFault[] {
  if (!snapshot) return [];
  const ids = new Set(snapshot.pool.accounts.map(({ id }) => id));
  const evidence = displacedStrangers(ctx.fs, paths, ids);
  if (evidence.length === 0) return [];
  const message = "Logins of accounts that are not in the pool were put aside. Their tokens may be used up.";
  return [{ message, evidence, command: `codex auth import ${shellWord(paths.displacedDir)}` }];
}
