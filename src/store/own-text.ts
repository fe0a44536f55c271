import { decodedText } from "../codex/tidy-tokens.ts";
import { errorCode } from "../machine/file-error.ts";
import { type FileSystem, readBytes } from "../machine/file-system.ts";

/**
 * The text of a file of ours, or null when there is none. An editor, PowerShell or iconv may have written it anew in
 * UTF-16 or with a mark before it: nothing is lost by that, and the next write of ours is UTF-8 again.
 */
export function readOwnText(fs: FileSystem, path: string): string | null {
  try {
    return decodedText(readBytes(fs, path)).text;
  } catch (error) {
    if (error instanceof Error && errorCode(error.cause) === "ENOENT") return null;
    throw error;
  }
}

/** Null for what cannot be read, whatever the reason. */
export function readOwnTextIfReadable(fs: FileSystem, path: string): string | null {
  try {
    return readOwnText(fs, path);
  } catch {
    return null;
  }
}
