import { isRecord } from "../text/json.ts";
import type { Identity } from "../codex/auth-json.ts";
import type { FormatName } from "./format-names.ts";
import { textOf } from "./stored-login.ts";

type Json = Record<string, unknown>;

/** A file beside an auth.json in which a switcher keeps what it knows about the login. */
export interface ProfileNotes {
  format: FormatName;
  /** Null for the account that it says nothing about. */
  labelOf: (identity: Identity) => string | null;
  /** The auth.json beside it cannot be read without the tool. */
  isEncrypted: boolean;
}

/** The notes in a file of this name; null when it is something else. */
export function readProfileNotes(fileName: string, document: Json): ProfileNotes | null {
  if (fileName === "registry.json") return registryNotes(document);
  if (fileName === "meta.json") return caamNotes(document) ?? codexctlNotes(document);
  return fileName === "profile.json" ? codexctlProfileNotes(document) : null;
}

/**
 * accounts/registry.json in CODEX_HOME; the logins are *.auth.json files beside it. Facts from Loongphy/codex-auth:
 * src/registry/storage_parse.zig at 76a8b14, storage_write.zig at 120ecf3.
 */
function registryNotes({ schema_version: version, accounts }: Json): ProfileNotes | null {
  if (typeof version !== "number" || !Array.isArray(accounts)) return null;
  const records = (accounts as unknown[]).filter(isRecord);
  const labelOf = (identity: Identity) => {
    if (identity.kind !== "seat") return null;
    const own = records.find(
      (each) =>
        each["chatgpt_user_id"] === identity.userId && each["chatgpt_account_id"] === identity.accountId,
    );
    return own ? textOf(own["alias"]) : null;
  };
  return { format: "loongphy", labelOf, isEncrypted: false };
}

/**
 * vault/codex/<profile>/meta.json; names with an underscore are its own backups. Facts from
 * Dicklesworthstone/coding_agent_account_manager: internal/authfile/authfile.go at 041f7a3.
 */
function caamNotes({ tool, profile, backed_up_at: backedUpAt }: Json): ProfileNotes | null {
  if (typeof tool !== "string" || typeof backedUpAt !== "string") return null;
  const name = textOf(profile);
  return oneLabel("caam", name?.startsWith("_") ? null : name);
}

/** profiles/<alias>/meta.json. Facts from Sawmills/codexctl: src/profile.rs at 004ce7f. */
function codexctlNotes({ alias, saved_at: savedAt, label }: Json): ProfileNotes | null {
  if (typeof alias !== "string" || typeof savedAt !== "string") return null;
  return oneLabel("codexctl", textOf(label) ?? textOf(alias));
}

/** <profile>/profile.json. Facts from repohelper/codexctl: src/utils/profile.rs at 29d81d3. */
function codexctlProfileNotes({ name, created_at: createdAt, encrypted }: Json): ProfileNotes | null {
  if (typeof name !== "string" || typeof createdAt !== "string") return null;
  return { ...oneLabel("codexctl", textOf(name)), isEncrypted: encrypted === true };
}

function oneLabel(format: FormatName, label: string | null | undefined): ProfileNotes {
  return { format, labelOf: () => label ?? null, isEncrypted: false };
}
