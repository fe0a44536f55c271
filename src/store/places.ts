import { isAbsolute } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { realPath } from "./home-place.ts";
import type { Paths } from "./paths.ts";
import { requireStorePlace } from "./store-place.ts";

/** Throws where CODEX_HOME or CODEX_AUTH_DIR names a place that cannot be meant. */
export function requirePlaces(fs: FileSystem, paths: Paths): void {
  if (!isAbsolute(paths.givenStoreDir ?? "/")) {
    const message = `CODEX_AUTH_DIR is ${paths.givenStoreDir}, which is another folder wherever you stand.`;
    throw new CodexAuthError("codex_home_missing", message, {
      hint: `Name it from the root: ${paths.storeDir}`,
    });
  }
  if (isCodexHome(fs, paths)) {
    const message = `CODEX_AUTH_DIR names the home of Codex itself, ${paths.codexHome}: its files and ours would meet.`;
    throw new CodexAuthError("codex_home_missing", message, {
      hint: `Name a folder of its own, or unset it: our files are then in ${paths.codexHome}/codex-auth`,
    });
  }
  if (!paths.isHomeExplicit || isFolder(fs, paths.codexHome)) return requireStorePlace(fs, paths);
  // Codex expands no ~ either.
  const hint = paths.codexHome.includes("/~")
    ? 'The shell left ~ as it is, perhaps because of quotes. Write: export CODEX_HOME="$HOME/…"'
    : `Create it, or unset CODEX_HOME: mkdir -p '${paths.codexHome}'`;
  const message = `CODEX_HOME names ${paths.codexHome}, which is no folder.`;
  throw new CodexAuthError("codex_home_missing", message, { hint });
}

function isFolder(fs: FileSystem, path: string): boolean {
  try {
    return fs.statSync(path).isDirectory();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error))) return false;
    throw fileError(error, `read ${path}`);
  }
}

/** Both have a history.jsonl and a folder named sessions. */
function isCodexHome(fs: FileSystem, { givenStoreDir, storeDir, codexHome }: Paths): boolean {
  if (givenStoreDir === null) return false;
  const [store, home] = [storeDir, codexHome].map((path) => realPath(fs, path));
  return store === home;
}
