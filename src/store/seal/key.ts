import type { Env } from "../../codex/environment.ts";
import { realPath } from "../../machine/path-kind.ts";
import { isAbsolute, relative } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type FileSystem, readTextIfPresent } from "../../machine/file-system.ts";
import { randomHex, sha256 } from "../../machine/hash.ts";
import type { Keyring, KeyringEntry } from "../../machine/systems/keyring.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import { type KeySource, sealKey, type SealKey } from "./sealed-file.ts";

export interface KeyPlaces {
  env: Env;
  /** The folder of the pool, behind every link: a key in it would guard nothing. */
  storeDir: string;
  fs: FileSystem;
  /** Runs CODEX_AUTH_KEY_COMMAND in a shell; null when it fails. */
  runCommand: (command: string) => string | null;
  /** Null where the keyring of this system cannot be reached. */
  keyring: Keyring | null;
}

export const keyFileVariable = "CODEX_AUTH_KEY_FILE";
export const keyCommandVariable = "CODEX_AUTH_KEY_COMMAND";

/** The key that the environment names, or else that of the keyring; null when there is none, which is no fault by itself. */
export function findKey(places: KeyPlaces): SealKey | null {
  const source = sourceOf(places);
  const text = secretFrom(places, source);
  return text === null ? null : keyOf(text, source);
}

/** The same, and makes one where the place that is named has none: a new file, or an entry of the keyring. */
export function findOrMakeKey(places: KeyPlaces): { key: SealKey; isNew: boolean } {
  const found = findKey(places);
  if (found) return { key: found, isNew: false };
  const source = sourceOf(places);
  const secret = Buffer.from(randomHex(32), "hex").toString("base64");
  if (source === "command") throw commandError(`${keyCommandVariable} printed nothing.`);
  if (source === "file") writeFileAtomic(places.fs, keyFileOf(places), `${secret}\n`);
  else if (places.keyring?.write(entryOf(places), secret) !== null) throw missingKey(null);
  // What was really kept counts.
  const key = findKey(places);
  if (!key || key.id !== keyOf(secret, source).id) throw missingKey(null);
  return { key, isNew: true };
}

/** Why a sealed pool cannot be opened, with the way that it was sealed. */
export function missingKey(source: KeySource | null): CodexAuthError {
  const from = source === null ? "" : `, with a key from ${sourceNames[source]}`;
  const message =
    source === null
      ? "There is no key to seal the pool with."
      : `The pool is sealed${from}, and that key is not here.`;
  return new CodexAuthError("seal_key_missing", message, {
    hint: `Name it: ${keyFileVariable}=<a file>, or ${keyCommandVariable}=<a command that prints it>, or unlock the keyring. Nothing was changed.`,
  });
}

export const sourceNames: Record<KeySource, string> = {
  file: keyFileVariable,
  command: keyCommandVariable,
  keyring: "the keyring",
};

function sourceOf({ env }: KeyPlaces): KeySource {
  if (env[keyFileVariable]) return "file";
  return env[keyCommandVariable] ? "command" : "keyring";
}

function secretFrom(places: KeyPlaces, source: KeySource): string | null {
  if (source === "file") return readTextIfPresent(places.fs, keyFileOf(places));
  if (source === "command") {
    const text = places.runCommand(places.env[keyCommandVariable] ?? "");
    if (text === null) throw commandError(`${keyCommandVariable} failed.`);
    return text.trim() === "" ? null : text;
  }
  const reading = places.keyring?.read(entryOf(places));
  return reading?.kind === "secret" ? reading.text : null;
}

export function keyFileOf({ env, fs, storeDir }: Pick<KeyPlaces, "env" | "fs" | "storeDir">): string {
  const path = env[keyFileVariable] ?? "";
  const place = relative(realPath(fs, storeDir), realPath(fs, path));
  if (isAbsolute(path) && (place.startsWith("..") || isAbsolute(place))) return path;
  const why = isAbsolute(path) ? "lies in the folder that it is to seal" : "is no whole path";
  throw new CodexAuthError("seal_key_missing", `${keyFileVariable} ${why}: ${path}`, {
    hint: "Name a file elsewhere, best on another disk. Nothing was changed.",
  });
}

/** One key a pool, so that two pools of a user are apart. */
function entryOf({ fs, storeDir }: KeyPlaces): KeyringEntry {
  return { service: "codex-auth", account: `pool|${sha256(realPath(fs, storeDir)).slice(0, 16)}` };
}

function keyOf(text: string, source: KeySource): SealKey {
  return sealKey(secretIn(text, sourceNames[source]), source);
}

/** 32 bytes or more, as base64 or hexadecimal digits: a text that a person thinks up can be guessed. */
export function secretIn(text: string, from: string): Uint8Array {
  const trimmed = text.trim();
  const isHex = /^(?:[0-9a-f]{2}){32,}$/i.test(trimmed);
  const isBase64 = /^[A-Za-z0-9+/_-]{43,}={0,2}$/.test(trimmed);
  if (isHex || isBase64) return Buffer.from(trimmed, isHex ? "hex" : "base64");
  throw new CodexAuthError("seal_key_missing", `What ${from} has is no key.`, {
    hint: "A key is 32 random bytes as base64 or hexadecimal digits: openssl rand -base64 32. Nothing was changed.",
  });
}

export function commandError(message: string): CodexAuthError {
  return new CodexAuthError("seal_key_missing", message, {
    hint: `Try it in a shell: it has to print the key and end with 0, without asking anybody. Nothing was changed.`,
  });
}
