import type { Env } from "../../codex/environment.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, readTextIfPresent } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { shellWord } from "../../text/shell-words.ts";
import { commandError, keyCommandVariable, keyFileOf, keyFileVariable, secretIn } from "./key.ts";
import { commandOutput } from "./sealing-fs.ts";

const keyVariable = "CODEX_AUTH_KEY";

interface Places {
  env: Env;
  fs: FileSystem;
  paths: Pick<Paths, "storeDir">;
}

/** A secret that several machines have, and the variable that led to it. */
export interface SharedSecret {
  readonly bytes: Uint8Array;
  readonly from: string;
}

/**
 * The secret that opens the accounts of a database. Never made here and never from a keyring: every machine needs the
 * same. Null where nothing names one; throws `seal_key_missing` where what is named has none, or is open to others.
 */
export function findSharedSecret({ env, fs, paths: { storeDir } }: Places): SharedSecret | null {
  if (env[keyFileVariable]) {
    const path = keyFileOf({ env, fs, storeDir });
    const text = readTextIfPresent(fs, path);
    if (text === null) throw fileProblem(`${keyFileVariable} names ${path}, which is not there.`, path);
    refuseOpenFile(fs, path);
    return { bytes: secretIn(text, keyFileVariable), from: keyFileVariable };
  }
  const text = env[keyVariable];
  if (text) return { bytes: secretIn(text, keyVariable), from: keyVariable };
  const command = env[keyCommandVariable];
  if (!command) return null;
  const said = commandOutput(command, env);
  if (said === null || said.trim() === "")
    throw commandError(`${keyCommandVariable} ${said === null ? "failed" : "printed nothing"}.`);
  return { bytes: secretIn(said, keyCommandVariable), from: keyCommandVariable };
}

/** The bits of a mode that open a key to others. As PostgreSQL has it: root may let a service read it, by its group. */
export function othersOfKey(uid: number | undefined): number {
  return uid === 0 ? 0o037 : 0o077;
}

function refuseOpenFile(fs: FileSystem, path: string): void {
  try {
    const { mode, uid } = fs.statSync(path);
    if ((mode & othersOfKey(uid)) === 0 || process.platform === "win32") return;
  } catch (error) {
    throw fileError(error, `read ${path}`);
  }
  throw new CodexAuthError("seal_key_missing", `Other users can read the key in ${path}.`, {
    hint: `Close it: chmod 600 ${shellWord(path)}. Nothing was changed.`,
  });
}

function fileProblem(message: string, path: string): CodexAuthError {
  return new CodexAuthError("seal_key_missing", message, {
    hint: `Copy the key of the other gateways there; for a new database make one: (umask 077; openssl rand -base64 32 > ${shellWord(path)}). Nothing was changed.`,
  });
}
