import { ownHomeInWsl } from "../../checks/codex-home.ts";
import type { Entry } from "../known-error.ts";

/** Texts about files, databases and the program itself. */
export const machineEntries: readonly Entry[] = [
  {
    id: "migration_modified",
    title: "Two builds of Codex share one CODEX_HOME",
    says: /migration \d{1,6} was previously applied|previously applied but has been modified|shares codex_home|failed to migrate state DB/i,
    status: /local database appears to be damaged/i,
    explains: ["app_server_failed", "account_read", "database_damaged"],
    cause:
      "Another build of Codex made the database in CODEX_HOME. Most often that is Codex for Windows while this one runs in WSL. codex exec then works without the database and does not say so.",
    fix: `In WSL: ${ownHomeInWsl}. Elsewhere, with every Codex ended: move the named .sqlite file away; sessions stay, their list is made again.`,
    checks: ["migration_modified", "codex_home_on_windows", "sqlite_home_odd"],
    example: "migration 40 was previously applied but has been modified",
  },
  {
    id: "database_locked",
    title: "Another Codex holds the database",
    says: /database is locked|another codex process is using|pool timed out while waiting for an open connection/i,
    explains: ["app_server_failed", "account_read"],
    cause:
      "Codex keeps its state in .sqlite files in CODEX_HOME, and only one program can write at a time. Another one has them open: a Codex that hangs, its daemon, or an old version. The same happens on a network drive (also \\\\wsl.localhost).",
    fix: "End the other Codex programs, then try again: codex app-server daemon stop. For many at once give each its own: CODEX_SQLITE_HOME=<folder on a local disk>",
    checks: ["processes", "sqlite_home_odd", "codex_home_on_windows"],
    example: "error returned from database: (code: 5) database is locked",
  },
  {
    id: "database_damaged",
    title: "A database of Codex is damaged",
    says: /file is not a database|database disk image is malformed|disk I\/O error/i,
    explains: ["app_server_failed", "account_read"],
    cause:
      "A .sqlite file in CODEX_HOME is incomplete or was overwritten: by a full disk, a crash, or a tool that synchronizes the folder.",
    fix: "With every Codex ended, move the .sqlite file that the text names away (with its -wal and -shm); the sessions are files of their own and stay, their list is made again.",
    checks: ["store", "sqlite_home_odd"],
    example:
      "failed to initialize state runtime: error returned from database: (code: 26) file is not a database",
  },
  {
    id: "app_server_failed",
    title: "The background program of Codex does not start or is not there",
    status:
      /\b(?:thread|turn|session|model|config)\/\w{1,20} failed (?:during|in) TUI|failed to start embedded app server|not connected to the local background server|app-server (?:websocket closed|connection closed|exited)|failed to initialize (?:sqlite )?(?:state runtime|local db)/i,
    cause:
      "The terminal interface and the apps talk to a program of their own (codex app-server). It ended at once, or an old one hangs; the reason stands in the log of CODEX_HOME.",
    fix: "codex app-server daemon restart, or without it: codex --no-daemon; codex auth doctor looks for a locked or foreign database and a broken config.toml",
    checks: ["processes", "store", "config"],
    example: "Error: failed to start embedded app server",
  },
  {
    id: "not_a_terminal",
    title: "The terminal interface of Codex was started without a terminal",
    says: /\bstdin is not a terminal|device not configured \(os error 6\)/i,
    cause:
      "codex without a subcommand needs a terminal. There is none in a pipe, in a CI job, in cron, and with docker run without -it.",
    fix: 'Without a person: codex exec "<task>". In a container: docker run -it …',
    checks: [],
    example: "Error: stdin is not a terminal",
  },
  {
    id: "session_not_written",
    title: "Codex could not write the log of the session",
    status: /failed to (?:record|queue|persist|write) rollout/i,
    cause:
      "The file under sessions/ in CODEX_HOME could not be written: the disk is full, the folder belongs to another user or is read-only, or the writer ended with an error before. The turn goes on, but cannot be resumed later.",
    fix: "codex auth doctor names a full disk and a folder that cannot be written; then start Codex again.",
    checks: ["store", "credentials"],
    example: "failed to record rollout items: failed to queue rollout items: channel closed",
  },
  {
    id: "thread_not_found",
    title: "The thread is not on this machine",
    says: /no rollout found|no thread with id|no saved session found|thread not found|session .{0,60}not found/i,
    cause: "Its file under sessions/ in CODEX_HOME was removed, moved, or lies in another CODEX_HOME.",
    fix: "codex resume --all lists what is here; with the right CODEX_HOME set try again, else start a new thread.",
    checks: ["codex_home_missing", "codex_home_relative"],
    example: "thread/resume failed: no rollout found for thread id 019e9154-c304-70f0-adde-36efb1be1701",
  },
  {
    id: "codex_home_missing",
    title: "CODEX_HOME names no folder",
    says: /CODEX_HOME points to/i,
    cause: "The folder must exist, and Codex does not expand a ~ in its name.",
    fix: "mkdir -p the folder, or: unset CODEX_HOME",
    checks: ["codex_home_missing", "codex_home_relative"],
    example: 'Error loading configuration: CODEX_HOME points to "~/.codex", but that path does not exist',
  },
  {
    id: "codex_home_temporary",
    title: "CODEX_HOME lies in the temporary folder",
    says: /refusing to create helper binaries/i,
    isHarmless: true,
    cause: "Codex makes no helper programs below the temporary folder; otherwise it works.",
    fix: "Use a folder that stays.",
    checks: ["codex_home_temporary"],
    example: 'Refusing to create helper binaries under temporary dir "/tmp"',
  },
  {
    id: "untrusted_folder",
    title: "Codex does not trust this folder",
    says: /not inside a trusted directory/i,
    cause: "codex exec runs in a git repository or a folder that was trusted before.",
    fix: "Run it in a repository, or add: --skip-git-repo-check",
    checks: [],
    example: "Not inside a trusted directory and --skip-git-repo-check was not specified.",
  },
  {
    id: "disk_full",
    title: "The disk is full",
    says: /no space left on device|os error 28\b|ENOSPC|disk quota exceeded|os error 122\b/i,
    codes: ["disk_full"],
    cause: "Nothing can be written, so a renewed token cannot be saved either.",
    fix: "Free some space before Codex runs again.",
    checks: ["store"],
    example: "No space left on device (os error 28)",
  },
  {
    id: "permission_denied",
    title: "A file or folder may not be read or written",
    status:
      /permission denied \(os error|os error (?:13|30)\b|read-only file system|(?:\.codex|auth\.json|config\.toml|CODEX_HOME)\b.{0,160}(?:permission denied|EACCES|EPERM|access is denied)|(?:permission denied|EACCES|EPERM|access is denied).{0,160}(?:\.codex|auth\.json|config\.toml|CODEX_HOME)\b|^(?:error: )?permission denied\.?$|\bcodex: permission denied|unable to open database file/i,
    unless: /publickey|\bnpm (?:ERR|error)|docker\.sock/i,
    codes: ["permission_denied"],
    cause:
      "A file of CODEX_HOME belongs to another user (often root, after sudo), or its folder is read-only.",
    fix: 'sudo chown -R "$(id -u):$(id -g)" "${CODEX_HOME:-$HOME/.codex}"',
    checks: ["credentials", "store", "home_of_another_user"],
    example: "Permission denied (os error 13)",
  },
  {
    id: "folder_in_the_way",
    title: "A folder stands where a file should be",
    status: /is a directory|os error 21\b|EISDIR/i,
    cause: "auth.json, auth.lock or auth.json.lock is a folder: some other tool makes such folders as locks.",
    fix: "codex auth doctor names it; an empty one can go: rmdir <folder>",
    checks: ["credentials", "store"],
    example: "Error checking login status: Is a directory (os error 21)",
  },
  {
    id: "codex_package_incomplete",
    title: "The npm package of Codex was installed without its program",
    says: /missing optional dependency @openai\/codex|findCodexExecutable|(?:cannot find module|unsupported platform for) ['"]?@openai\/codex-/i,
    cause:
      "npm left out the package with the program for this system (@openai/codex-linux-x64 and so on): an interrupted download, or npm is set to omit optional packages.",
    fix: "npm install --global @openai/codex@latest --include=optional",
    checks: ["codex_missing", "codex_several"],
    example:
      "Error: Missing optional dependency @openai/codex-linux-x64. Reinstall Codex: npm install -g @openai/codex@latest",
  },
  {
    id: "codex_crashed",
    title: "Codex crashed",
    says: /thread '[^']{1,40}' (?:\(\d{1,9}\) )?panicked at|agent loop died unexpectedly/i,
    status: /\bSIGSEGV\b|\b0xC0000005\b|\b3221225477\b|segmentation fault/i,
    cause:
      "This is a fault of Codex itself, or its program is for another kind of machine. It is not caused by your login or your quota.",
    fix: "Update Codex (npm install --global @openai/codex@latest), or go back to the version that worked; report the text at github.com/openai/codex/issues.",
    checks: ["codex_several"],
    example: "thread 'main' panicked at core/src/lib.rs:12:5: called `Result::unwrap()` on an `Err` value",
  },
  {
    id: "codex_not_found",
    title: "The codex program is not found",
    says: /codex: (?:command )?not found|command not found: codex|unable to locate the codex cli|codex (?:cli|binary|executable)(?: binary)? (?:was |is )?not found|could not find (?:the )?codex (?:cli|binary|executable)|codex: no such file|the real codex was not found|codex.{0,40} is not recognized|spawn codex ENOENT/i,
    cause: "There is no codex in any folder of PATH.",
    fix: "npm install --global @openai/codex@latest",
    checks: ["codex_missing", "codex_several"],
    example: "codex: command not found",
  },
];
