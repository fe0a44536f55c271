import { decodedText } from "../../codex/tidy-tokens.ts";
import { type FileSystem, readTextIfReadable } from "../../machine/file-system.ts";
import { readOpened, withRegular } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import type { Account } from "../../pool/account.ts";
import { parsePool } from "../../pool/pool.ts";
import { writeFileLoosely } from "../atomic-write.ts";

type NamePaths = Pick<Paths, "poolFile" | "namesFile">;

/** A thousand accounts make a hundredth of it. */
const limitBytes = 8_000_000;

/**
 * A text that `make` writes of the accounts, kept beside the pool for TAB: to parse a thousand logins takes three times
 * as long as Node needs to start. It tells of which pool.json it was made, and is made anew for any other. Empty where
 * the pool cannot be read.
 */
export function readNames(
  fs: FileSystem,
  { poolFile, namesFile }: NamePaths,
  make: (accounts: readonly Account[]) => string,
): string {
  try {
    return keptNames(fs, { poolFile, namesFile });
  } catch {
    return makeNames(fs, { poolFile, namesFile }, make);
  }
}

/** Throws where there are none, or those of another pool.json. */
export function keptNames(fs: FileSystem, { poolFile, namesFile }: NamePaths): string {
  const kept = readTextIfReadable(fs, namesFile, { limitBytes, followsLinks: false });
  const stamp = withRegular(fs, poolFile, {}, (fd) => stampOf(fs, fd));
  if (!kept?.startsWith(stamp)) throw new Error("not of this pool");
  return kept.slice(stamp.length);
}

function makeNames(
  fs: FileSystem,
  { poolFile, namesFile }: NamePaths,
  make: (accounts: readonly Account[]) => string,
): string {
  let names = "";
  try {
    const { stamp, text } = withRegular(fs, poolFile, {}, (fd) => ({
      stamp: stampOf(fs, fd),
      text: decodedText(readOpened(fs, fd)).text,
    }));
    names = make(parsePool(text, poolFile).accounts);
    writeFileLoosely(fs, namesFile, stamp + names);
  } catch {
    // Without a pool there are no names; those that cannot be kept are made again at the next TAB.
  }
  return names;
}

/** Tells this pool.json from any other, also from one with the same bytes: each write makes a new file. */
function stampOf(fs: FileSystem, fd: number): string {
  const { ino, size, mtimeNs } = fs.fstatSync(fd, { bigint: true });
  return `names of ${ino} ${size} ${mtimeNs}\n`;
}
