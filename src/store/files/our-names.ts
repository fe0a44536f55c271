import { isRecord, parseJson } from "../../text/json.ts";
import { basename } from "node:path";
import { type FileSystem, readTextIfReadable } from "../../machine/file-system.ts";
import { lockName } from "../locks/lock-folder.ts";
import { unsavedName } from "./aside.ts";
import { codeCacheName } from "./code-cache.ts";

/** What a person may want to keep: logins, copies of them, what is known of quotas; the rest is of no use to anybody. */
export type OwnPart = "accounts" | "backups" | "history" | "working files";

export interface OwnName {
  name: RegExp;
  part: OwnPart;
  /** Of a folder: the names that we give in it. */
  inside?: RegExp;
  /** Of a file with a name that others give too: whether we wrote what is in it, the last line perhaps not to its end. */
  isOurs?: (text: string) => boolean;
}

/**
 * CODEX_AUTH_DIR may name a folder in which somebody else has files: ours is what has a name that nobody else gives, or
 * what was plainly written by us.
 */
const ownNames: readonly OwnName[] = [
  { name: /^pool\.json$/, part: "accounts", isOurs: isOurPool },
  { name: /^pool\.json\.broken-\d{8}T\d{9}Z$/, part: "accounts" },
  { name: /^parked$/, part: "accounts", inside: /^([0-9a-f]{12}|exec)-\d{8}T\d{9}Z-/ },
  { name: /^rescue$/, part: "accounts", inside: /^\.?(rescue-|probe)/ },
  { name: unsavedName, part: "accounts" },
  {
    name: /^fleet$/,
    part: "accounts",
    inside: /^\.?(place|probe|seen-[0-9a-f]{16}\.json|tokens-[0-9a-f]{16}-)/,
  },
  { name: /^backups$/, part: "backups", inside: /^(pool|repair)-\d{8}T\d{9}Z/ },
  { name: /^limits\.json$/, part: "history", isOurs: isOurLimits },
  { name: /^history\.jsonl$/, part: "history", isOurs: (text) => everyLine(text, /^\{"t":/) },
  { name: /^sessions$/, part: "history", inside: /^(usage|history|limits|newest)\.json$/ },
  {
    name: /^proxied-sessions$/,
    part: "working files",
    isOurs: (text) => everyLine(text, /^[\w.:-]{1,128}$/),
  },
  { name: /^names$/, part: "working files", isOurs: (text) => text.startsWith("names of ") },
  { name: /^prompt$/, part: "working files", isOurs: (text) => text.startsWith("codex-auth prompt ") },
  { name: /^rotation(-\d+)?\.json$/, part: "working files", isOurs: isOurEntry },
  { name: /^rotation\.log$/, part: "working files", isOurs: isOurLog },
  { name: /^gateway(\.db(-wal|-shm)?|\.json|\.log|-journal\.jsonl)$/, part: "working files" },
  { name: /^homes$/, part: "working files", inside: /^[0-9a-f]{12}-\d+(\.owner)?$/ },
  { name: /^locks$/, part: "working files", inside: lockName },
  // Of earlier versions.
  { name: /^code-cache$/, part: "working files", inside: codeCacheName },
];

/** Null for what is not ours, also because it is a link, or a file where we would make a folder. */
export function ownNameOf(fs: FileSystem, path: string): OwnName | null {
  const own = ownNames.find(({ name }) => name.test(basename(path)));
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!own || !stat) return null;
  if (own.inside) return stat.isDirectory() ? own : null;
  if (!stat.isFile()) return null;
  const text = own.isOurs ? readTextIfReadable(fs, path) : null;
  return own.isOurs && (text === null || !own.isOurs(text)) ? null : own;
}

/** Also a damaged one: we write the version first. */
function isOurPool(text: string): boolean {
  const value = parseJson(text);
  const isWhole = isRecord(value) && typeof value["version"] === "number" && Array.isArray(value["accounts"]);
  return isWhole || text.startsWith('{"version":');
}

function isOurEntry(text: string): boolean {
  const value = parseJson(text);
  return isRecord(value) && typeof value["key"] === "string" && isRecord(value["process"]);
}

/** It tells addresses of this machine, and commands. */
function isOurLog(text: string): boolean {
  return text.trim() === "" || /127\.0\.0\.1:\d|codex[- ]auth/.test(text);
}

function isOurLimits(text: string): boolean {
  const value = parseJson(text);
  return isRecord(value) && value["version"] === 1 && isRecord(value["accounts"]);
}

/** An empty one says nothing, and is no loss. */
function everyLine(text: string, pattern: RegExp): boolean {
  return text.split("\n").every((line) => line === "" || pattern.test(line));
}
