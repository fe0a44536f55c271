import { join } from "node:path";
import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fileError } from "../machine/file-error.ts";
import {
  type FileSystem,
  makeFolder,
  namesIn,
  readTextIfPresent,
  readTextIfReadable,
  removeIfPresent,
} from "../machine/file-system.ts";
import { randomHex } from "../machine/hash.ts";
import type { Paths } from "../machine/paths.ts";
import { field, parseJson, readList } from "../text/json.ts";
import { prepareFolders, writeFileAtomic, writeFilePrecious } from "./atomic-write.ts";
import { requireWriting } from "./require-writable.ts";

/** New tokens of an account in a database, sealed; the newest of an account stay, in case the database is set back. */
interface KeptTokens {
  readonly path: string;
  readonly accountId: string;
  /** Fingerprint of the token that was spent for them. */
  readonly spent: string;
  readonly sealed: string;
}

/** What this machine keeps of accounts that live in a database. Everything is on the disk when a method returns. */
export interface FleetFiles {
  /** Of this folder, made once: no other machine has it. */
  readonly placeId: () => string;
  /** Throws unless new tokens can be kept here. */
  readonly requireSavable: () => void;
  /** Returns why they are nowhere; null when they are. */
  readonly keep: (storeId: string, tokens: Omit<KeptTokens, "path">) => CodexAuthError | null;
  /** Also those whose writer was killed before it could give them their name. */
  readonly kept: (storeId: string) => readonly KeptTokens[];
  /** Their names alone: another list means that a renewal of this machine has got new tokens. */
  readonly keptNames: () => readonly string[];
  readonly drop: (path: string) => void;
  /** Which tokens were seen, by account; undefined where nothing was. */
  readonly seen: (storeId: string) => unknown;
  readonly noteSeen: (storeId: string, value: unknown) => void;
}

const fleetFolder = "fleet";
const tokensName =
  /^\.?tokens-([0-9a-f]{16})-([0-9a-f]+)-([0-9a-f]{16})\.sealed(?:\.[0-9a-f]{16}\.codex-auth-tmp)?$/;

export function fleetFiles(fs: FileSystem, paths: Paths): FleetFiles {
  const folder = join(paths.storeDir, fleetFolder);
  const make = () => {
    prepareFolders(fs, paths);
    makeFolder(fs, folder);
  };
  const seenFile = (storeId: string) => join(folder, `seen-${storeId}.json`);
  return {
    placeId: () => {
      const path = join(folder, "place");
      const known = readTextIfPresent(fs, path)?.trim() ?? "";
      if (/^[0-9a-f]{16}$/.test(known)) return known;
      make();
      const id = randomHex(8);
      writeFileAtomic(fs, path, `${id}\n`);
      return id;
    },
    requireSavable: () => {
      make();
      requireWriting(fs, join(folder, "probe"));
    },
    keep: (storeId, { accountId, spent, sealed }) => {
      try {
        make();
        writeFilePrecious(fs, join(folder, `tokens-${storeId}-${accountId}-${spent}.sealed`), sealed);
        return null;
      } catch (error) {
        return fileError(error, `write into ${folder}`);
      }
    },
    kept: (storeId) =>
      namesIn(fs, folder).flatMap((name) => {
        const [, store, accountId = "", spent = ""] = tokensName.exec(name) ?? [];
        if (store !== storeId) return [];
        const path = join(folder, name);
        const sealed = readTextIfReadable(fs, path);
        return sealed === null ? [] : [{ path, accountId, spent, sealed }];
      }),
    keptNames: () => namesIn(fs, folder).filter((name) => tokensName.test(name)),
    drop: (path) => removeIfPresent(fs, path),
    seen: (storeId) => parseJson(readTextIfReadable(fs, seenFile(storeId)) ?? ""),
    noteSeen: (storeId, value) => {
      make();
      writeFileAtomic(fs, seenFile(storeId), `${JSON.stringify(value)}\n`);
    },
  };
}

/** New tokens of which nothing here shows that the database has had them. */
export function unwrittenTokens(fs: FileSystem, paths: Paths): string[] {
  const folder = join(paths.storeDir, fleetFolder);
  return namesIn(fs, folder).flatMap((name) => {
    const [, storeId = "", accountId = "", spent = ""] = tokensName.exec(name) ?? [];
    if (accountId === "") return [];
    // A token that was seen after the one that was spent is the new one, or newer.
    const tokens = readList(field(field(fleetFiles(fs, paths).seen(storeId), accountId), "tokens"));
    const isWritten = tokens.includes(spent) && tokens.at(-1) !== spent;
    return isWritten ? [] : [join(folder, name)];
  });
}
