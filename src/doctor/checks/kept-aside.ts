import { readClaims } from "../../codex/claims.ts";
import { keptAside, displacedStrangers } from "../../store/files/aside.ts";
import { readOwnTextIfReadable } from "../../store/text/own-text.ts";
import { accountIdOf } from "../../pool/account.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { DoctorCheck, FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";

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
