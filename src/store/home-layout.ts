/**
 * What a private home shares with the real one. Measured with Codex 0.169.0: it writes config.toml, installation_id,
 * models_cache.json and history.jsonl through a link, also through one whose target does not exist yet; a folder that
 * is missing it makes anew, so a link must lead to one that is there.
 */
export const sharedFiles = ["config.toml", "history.jsonl", "installation_id", "models_cache.json"];

/** `packages` holds the 404 MB of Codex's daemon; `thread-writer-locks` keeps two Codex from one session. */
export const sharedFolders = ["sessions", "archived_sessions", "thread-writer-locks", "packages"];

/**
 * Codex's state database remembers each session by its path in the home that it was made in. While these links stay
 * under that path, `codex resume <session id>` finds it; without them only after the next list of sessions.
 */
export const lastingLinks = ["sessions", "archived_sessions"];

/** Codex makes this folder in its home at every start. */
export const traceOfCodex = "tmp";

/** What Codex makes anew when it is lost: of two versions, that of the real home stays and nobody needs to hear of it. */
export const derivedFiles = ["installation_id", "models_cache.json", "version.json", ".sandbox_migration"];

const privateNames = new Set(["app-server-control", "app-server-daemon", "codex-auth", "log", traceOfCodex]);

/** The login and its locks, sockets, our own store, and what is left of a killed write. Databases are shared by CODEX_SQLITE_HOME. */
export function isPrivate(name: string): boolean {
  return (
    privateNames.has(name) ||
    /^(auth\.|\.auth-)/.test(name) ||
    /\.sqlite(-\w+)?$/.test(name) ||
    name.endsWith(".codex-auth-tmp")
  );
}
