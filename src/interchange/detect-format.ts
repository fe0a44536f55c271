import { type Identity, readAuthDocument } from "../codex/auth-json.ts";
import { tidied } from "../codex/tidy-tokens.ts";
import { isRecord, readJsonObject } from "../text/json.ts";
import { readBundle } from "./bundle.ts";
import { readCliProxyApi } from "./cliproxyapi.ts";
import { readCodexLb } from "./codex-lb.ts";
import { readCodexMultiAuth } from "./codex-multi-auth.ts";
import type { FormatName, StoreReading } from "./format-names.ts";
import { readOpenCode } from "./opencode.ts";
import { loginEntry, textOf, tidyNote } from "./stored-login.ts";

type Json = Record<string, unknown>;

interface StoreFile {
  /** Absolute, or - for standard input. */
  path: string;
  text: string;
}

export interface ReadOptions {
  /** Takes every file for this; null detects. */
  from: FormatName | null;
  passphrase: string | null;
}

export type FileReading = StoreReading & { format: FormatName | null };

type Reader = (document: Json, passphrase: string | null) => StoreReading | null;

/** Formats that can be told from the document itself. What none of them knows is taken for an auth.json of Codex. */
const readers: Partial<Record<FormatName, Reader>> = {
  bundle: readBundle,
  "codex-lb": readCodexLb,
  "codex-multi-auth": readCodexMultiAuth,
  cliproxyapi: readCliProxyApi,
  opencode: readOpenCode,
};

/** Reads files that were found together: some are only notes about the login beside them. */
export function readStoreFiles(files: readonly StoreFile[], options: ReadOptions): FileReading[] {
  const notes = new Map<string, ProfileNotes>();
  for (const { path, text } of files) {
    const found = notesIn(path, text);
    if (found) notes.set(folderOf(path), found);
  }
  return files.map((file) => readStoreFile(file, options, notes.get(folderOf(file.path)) ?? null));
}

function readStoreFile(
  { path, text }: StoreFile,
  options: ReadOptions,
  notes: ProfileNotes | null,
): FileReading {
  const { from } = options;
  const own = notesIn(path, text);
  if (own)
    return {
      format: own.format,
      kind: "foreign",
      problem: "it describes the logins beside it and holds none",
    };
  const reader = from === null ? undefined : readers[from];
  if (from !== null && reader) return forcedReading(text, from, reader, options.passphrase);
  const detected = from === null ? detect(text, options.passphrase) : null;
  if (detected) return detected;
  const reading = plainReading(text, notes);
  return from === null || from === "codex" || from === reading.format ? reading : otherThan(from, reading);
}

function forcedReading(
  text: string,
  format: FormatName,
  read: Reader,
  passphrase: string | null,
): FileReading {
  const object = readJsonObject(text);
  if (object.kind === "broken") return { format: null, ...object };
  const reading = read(object.value, passphrase);
  return reading
    ? { format, ...reading }
    : { format: null, kind: "broken", problem: `it is not of the format ${format}` };
}

function detect(text: string, passphrase: string | null): FileReading | null {
  const object = readJsonObject(text);
  if (object.kind === "broken") return null;
  for (const [name, read] of Object.entries(readers)) {
    const reading = read(object.value, passphrase);
    // The keys of the table are names of formats.
    if (reading) return { format: name as FormatName, ...reading };
  }
  return null;
}

/** An auth.json of Codex, as most switchers keep it. */
function plainReading(text: string, notes: ProfileNotes | null): FileReading {
  const format = notes?.format ?? "codex";
  const object = readJsonObject(text);
  const reading = object.kind === "object" ? readAuthDocument(tidied(object.value)) : object;
  if (reading.kind === "login" && object.kind === "object") {
    const label = notes?.labelOf(reading.login.identity) ?? null;
    const entry = loginEntry(reading.login, null, { label, note: tidyNote(object.value) });
    return { format, kind: "entries", entries: [entry] };
  }
  if (notes?.isEncrypted) return encrypted;
  const problem = reading.kind === "broken" ? reading.problem : "it holds no credentials";
  return { format: null, kind: "broken", problem };
}

const encrypted: FileReading = {
  format: "codexctl",
  kind: "broken",
  problem: "codexctl has encrypted it",
  hint: "Load the profile with codexctl, then import the auth.json that it writes: codex auth import",
};

/** A login in a form that its tool does not use: most likely the wrong folder. */
function otherThan(from: FormatName, reading: FileReading): FileReading {
  if (reading.kind !== "entries") return reading;
  return {
    format: null,
    kind: "broken",
    problem: `it is an auth.json of Codex, without the notes of ${from} beside it`,
  };
}

function notesIn(path: string, text: string): ProfileNotes | null {
  const name = path.slice(folderOf(path).length).replace(/^[/\\]/, "");
  const isCandidate = ["registry.json", "meta.json", "profile.json"].includes(name);
  const object = isCandidate ? readJsonObject(text) : null;
  return object?.kind === "object" ? readProfileNotes(name, object.value) : null;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"), path.lastIndexOf("\\")));
}

/** A file beside an auth.json in which a switcher keeps what it knows about the login. */
interface ProfileNotes {
  format: FormatName;
  /** Null for the account that it says nothing about. */
  labelOf: (identity: Identity) => string | null;
  /** The auth.json beside it cannot be read without the tool. */
  isEncrypted: boolean;
}

/** The notes in a file of this name; null when it is something else. */
function readProfileNotes(fileName: string, document: Json): ProfileNotes | null {
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
