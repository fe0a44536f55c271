import { isoTime } from "../text/times.ts";
import { isRecord } from "../text/json.ts";
import { redact } from "../text/safe-text.ts";
import type { StoreReading } from "./format-names.ts";
import { type StoredFlag, type StoreEntry, textOf, tokenEntry } from "./stored-login.ts";

type Json = Record<string, unknown>;

/**
 * The accounts of codex-multi-auth (openai-codex-accounts.json, versions 1 and 3; there is no 2) and those that it set
 * aside (openai-codex-flagged-accounts.json, version 1), also where its OpenCode plugin keeps them. Facts from
 * ndycode/codex-multi-auth: lib/schemas.ts at 19732bd, lib/storage/migrations.ts at 1da22ba, flagged-storage.ts at 1a792b3.
 */
export function readCodexMultiAuth(document: Json): StoreReading | null {
  const { version, accounts } = document;
  if (typeof version !== "number" || !Array.isArray(accounts) || "format" in document) return null;
  const isTheirs =
    "activeIndex" in document || accounts.some((each) => isRecord(each) && "refreshToken" in each);
  if (!isTheirs) return null;
  if (version !== 1 && version !== 3)
    return { kind: "broken", problem: `it is of version ${version}, of which nothing is known here` };
  return { kind: "entries", entries: (accounts as unknown[]).map(readAccount) };
}

function readAccount(account: unknown, index: number): StoreEntry {
  const place = `account ${index + 1}`;
  if (!isRecord(account)) return { kind: "refused", place, name: null, problem: "it is no JSON object" };
  const { accessToken, refreshToken, enabled, accountLabel } = account;
  return tokenEntry(
    { accessToken, refreshToken },
    {
      place,
      name: textOf(account["email"]),
      label: textOf(accountLabel),
      pausedAt: enabled === false ? "now" : null,
      flag: storedFlagIn(account),
    },
  );
}

/** Flagged accounts have a file of their own; an account whose login was refused may also still be in the first one. */
function storedFlagIn(account: Json): StoredFlag | null {
  const since = account["flaggedAt"] ?? account["authInvalidatedAt"];
  if (typeof since !== "number") return null;
  const reasons = ["flaggedReason", "authInvalidationErrorCode", "lastError"].map((key) =>
    textOf(account[key]),
  );
  const why = reasons.filter((each) => each !== null).join(", ");
  // A refresh token that was refused as used up is never sent again; another failure may be theirs.
  const isSpent = /refresh_token_reused|invalid_grant|already (?:been )?used/i.test(why);
  return {
    reason: isSpent ? "used-elsewhere" : "reported",
    since: isoTime(since),
    evidence: redact(`codex-multi-auth: ${why || "no reason given"}`).slice(0, 200),
  };
}
