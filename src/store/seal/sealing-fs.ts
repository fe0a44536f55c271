import { join, relative } from "node:path";
import type { Env } from "../../codex/environment.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { FileSystem, Sealing } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { keyringHere } from "../../machine/systems/here.ts";
import { findKey, findOrMakeKey, type KeyPlaces, missingKey, sourceNames } from "./key.ts";
import { headerOf, isSealed, type KeySource, opened, sealed, type SealKey } from "./sealed-file.ts";

/** As long as a person may take to unlock what the command asks. */
const patienceMs = 60_000;

/** A file system with the vault of one pool. Nothing is asked for a key until a sealed file is read. */
export function sealingFs(fs: FileSystem, { storeDir }: Paths, env: Env): FileSystem {
  const keyring = keyringHere(env);
  const vault = new Vault({
    env,
    storeDir,
    fs,
    keyring,
    runCommand: (command) => commandOutput(command, env),
  });
  return withVault(fs, vault);
}

/** The same files with another vault. Not a copy: to read every name of node:fs loads its streams and promises too. */
export function withVault(fs: FileSystem, vault: FileSystem["vault"]): FileSystem {
  return Object.create(fs, { vault: { value: vault, enumerable: true } }) as FileSystem;
}

/** What the command says on standard error is for the person who wrote it. */
export function commandOutput(command: string, env: Env): string | null {
  const { status, stdout } = spawnSync()(command, {
    shell: true,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: patienceMs,
  });
  return status === 0 ? stdout : null;
}

/** It is slow to load; see store/hash.ts. */
function spawnSync() {
  return process.getBuiltinModule("node:child_process").spawnSync;
}

/** Folders and files of a pool that hold tokens. Those of `homes/` are read by Codex itself, and live as long as it runs. */
const secretPlace = /^(?:pool\.json(?:\.broken-.*)?|(?:backups|parked|rescue)\/.+)$/;

/**
 * Seals what is written into the secret places of a pool, and opens what was read from anywhere. Whether a pool is
 * sealed says its pool.json alone, so that one rename changes it, and files of both kinds can always be read.
 */
class Vault implements Sealing {
  readonly #places: KeyPlaces;
  #key: SealKey | null = null;
  /** Null until pool.json was read: where it is missing, its sealed backups tell. */
  #isOn: boolean | null = null;

  constructor(places: KeyPlaces) {
    this.#places = places;
  }

  /** The key that is used from now on, made where the place that is named has none yet. */
  prepare(): { id: string; source: KeySource; isNew: boolean } {
    const { key, isNew } = findOrMakeKey(this.#places);
    this.#key = key;
    return { id: key.id, source: key.source, isNew };
  }

  turn(isOn: boolean): void {
    this.#isOn = isOn;
  }

  open(path: string, bytes: Buffer): Buffer {
    const wasSealed = isSealed(bytes);
    const plain = wasSealed ? this.#opened(bytes) : bytes;
    if (path === join(this.#places.storeDir, "pool.json")) this.#isOn = wasSealed;
    else if (wasSealed) this.#isOn ??= true;
    return plain;
  }

  seal(path: string, bytes: Uint8Array): Uint8Array {
    if (!this.#isOn || !isSecret(this.#places.storeDir, path) || isSealed(bytes)) return bytes;
    return Buffer.from(sealed(bytes, this.#key ?? missing(null)));
  }

  #opened(bytes: Buffer): Buffer {
    const header = headerOf(bytes);
    // Like any file that is torn: what reads it says so, and takes a backup.
    if (header === null) return bytes;
    this.#key ??= findKey(this.#places) ?? missing(header.source);
    if (header.keyId !== this.#key.id) throw wrongKey(this.#key, header.keyId);
    return opened(bytes, this.#key) ?? torn();
  }
}

function isSecret(storeDir: string, path: string): boolean {
  return secretPlace.test(relative(storeDir, path).replaceAll("\\", "/"));
}

function missing(source: KeySource | null): never {
  throw missingKey(source);
}

function torn(): never {
  throw new CodexAuthError(
    "seal_key_wrong",
    "A sealed file of the pool is damaged: its seal does not open.",
    {
      hint: "Move it away, then take the last good copy: codex auth backup restore. Nothing was changed.",
    },
  );
}

function wrongKey({ id, source }: SealKey, wanted: string): CodexAuthError {
  const message = `The pool is sealed with key ${wanted}; ${sourceNames[source]} has key ${id}.`;
  return new CodexAuthError("seal_key_wrong", message, {
    hint: "Name the key with which it was sealed. Nothing was changed.",
  });
}
