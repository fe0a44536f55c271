import type { Env } from "../../codex/environment.ts";
import { readAuthJson } from "../../codex/auth-json.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type FileSystem, readTextIfReadable } from "../../machine/file-system.ts";
import { sha256 } from "../../machine/hash.ts";
import { realPath } from "../../machine/path-kind.ts";
import { codexSystemFolder, type Paths } from "../../machine/paths.ts";
import { codexEntry, type Keyring, type KeyringReading } from "../../machine/systems/keyring.ts";
import { join } from "node:path";
import { type LiveFile, type LivePlace, readLiveFile, UncertainWrite } from "../auth-file.ts";
import type { KeyringSlot } from "../context.ts";

interface SlotPlace {
  fs: FileSystem;
  env: Env;
  platform: string;
  keyring: Keyring | null;
}

const key = /cli_auth_credentials_store|\\[uU]/;

/**
 * What the configuration of a home says, in whatever folder a command runs: that of a project counts only there. The
 * parser is loaded only where the key stands somewhere.
 */
export async function findSlot(place: SlotPlace, paths: Paths): Promise<KeyringSlot | null> {
  const { fs, env, platform, keyring } = place;
  const system = codexSystemFolder(platform, env);
  const names = ["config.toml", "managed_config.toml", "requirements.toml"];
  const files = [paths.configFile, ...names.map((name) => join(system, name))];
  if (!files.some((file) => key.test(readTextIfReadable(fs, file) ?? ""))) return null;
  const { codexHome } = paths;
  const { readLayerFiles, settingsOf } = await import("../config-layers.ts");
  const layers = readLayerFiles(fs, { paths, cwd: codexHome, platform, env }).filter(
    ({ kind }) => kind !== "project",
  );
  const unread = layers.find(({ problem }) => problem !== null);
  const { credentialsStore, isAuthEncrypted } = settingsOf(layers, paths.configFile);
  // A Codex that cannot read its configuration does not start; until it is mended, nobody knows where the login lies.
  const mode = unread && credentialsStore === "file" ? "keyring" : credentialsStore;
  if (mode !== "keyring" && mode !== "auto") return null;
  const entry = codexEntry(realPath(fs, codexHome));
  const encrypted = join(codexHome, "secrets", "codex_auth.age");
  const why = unread
    ? `${unread.file} cannot be read`
    : (isAuthEncrypted ?? platform === "win32")
      ? `Codex encrypts its login in ${encrypted}, with a key in the keyring`
      : null;
  if (why !== null && mode === "auto" && !unread && !isThere(fs, encrypted)) return null;
  if (why !== null)
    return {
      mode: "keyring",
      read: () => ({ kind: "locked", why }),
      write: () => why,
      remove: () => undefined,
    };
  const none = "nothing here reaches the keyring of this system";
  return {
    mode,
    read: () => keyring?.read(entry) ?? { kind: "unreachable", why: none },
    write: (text) => (keyring ? keyring.write(entry, text) : none),
    remove: () => keyring?.remove(entry),
  };
}

function isThere(fs: FileSystem, path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The login that Codex uses: of the keyring where it keeps it there, else that of auth.json. */
export function readLive(fs: FileSystem, paths: Paths, slot: KeyringSlot | null): LiveFile {
  if (!slot) return readLiveFile(fs, paths.authFile);
  const again = () => readLive(fs, paths, slot);
  const reading = slot.read();
  const entry = ofEntry(reading, paths, slot, again);
  const isOther = entry === null || (entry.state === "broken" && entry.refusal === null);
  if (slot.mode === "keyring" || !isOther) return entry ?? missing(keyringPlace(slot, again), paths);
  const file = readLiveFile(fs, paths.authFile);
  // In between, a Codex may have moved its login into the keyring.
  return { ...file, place: { ...file.place, read: again, isAlone: reading.kind !== "unreachable" } };
}

/** Null where there is none; with `auto`, also where nothing reaches the keyring: there may be none. */
function ofEntry(
  reading: KeyringReading,
  paths: Paths,
  slot: KeyringSlot,
  again: () => LiveFile,
): LiveFile | null {
  if (reading.kind === "absent") return null;
  if (reading.kind === "unreachable" && slot.mode === "auto") return null;
  const place = keyringPlace(slot, again);
  const nothing = missing(place, paths);
  if (reading.kind !== "secret") {
    const { why: problem } = reading;
    return { ...nothing, state: "broken", problem, refusal: unusableError(problem) };
  }
  const read = readAuthJson(reading.text);
  const bytes = Buffer.from(reading.text);
  return {
    ...nothing,
    state: read.kind,
    login: read.kind === "login" ? read.login : null,
    problem: read.kind === "broken" ? read.problem : null,
    bytes,
    version: { inode: "keyring", size: String(bytes.length), mtimeNs: sha256(bytes) },
  };
}

/** Codex takes the locks of auth.json around its writing into the keyring too. */
function missing(place: LivePlace, { authFile: target }: Paths): LiveFile {
  const nothing = { login: null, problem: null, bytes: null, version: null, refusal: null };
  return { target, place, state: "missing", ...nothing, isHardLinked: false, isMounted: false };
}

function keyringPlace(slot: KeyringSlot, read: () => LiveFile): LivePlace {
  /** A program that died may have written or not: only what is there now tells. */
  const written = (text: string | null, why: string | null, before: KeyringReading) => {
    const now = slot.read();
    const textNow = now.kind === "secret" ? now.text : null;
    if (now.kind === "locked" || now.kind === "unreachable") throw new UncertainWrite(unusableError(now.why));
    if (textNow === text) return;
    // Where somebody else has written meanwhile, theirs counts.
    if (now.kind === before.kind && (before.kind !== "secret" || before.text === textNow))
      throw unusableError(why ?? "what was written is not there");
  };
  const change = (text: string | null, act: () => string | null) => {
    const before = slot.read();
    written(text, act(), before);
  };
  return {
    kind: "keyring",
    name: "the keyring",
    read,
    textOf: (document) => JSON.stringify(document),
    stage: (text) => ({ place: () => change(text, () => slot.write(text)), discard: () => undefined }),
    remove: () =>
      change(null, () => {
        slot.remove();
        return "the entry is still there";
      }),
    confirm: () => undefined,
  };
}

function unusableError(why: string): CodexAuthError {
  const message = `The keyring, where Codex keeps its login, cannot be used: ${why}.`;
  return new CodexAuthError("keyring_unusable", message, {
    hint: "Nothing was changed. Unlock it, or keep the login in auth.json from now on: codex auth switch <account> --use-file-store",
  });
}
