import { field, parseJson, readText } from "../accounts/unknown-value.ts";
import { withLog } from "./log-file.ts";
import type { LogFile } from "./log-file.ts";
import type { SessionFile } from "./session-files.ts";
import { parseTokenCount } from "./session-lines.ts";
import type { TokenCountLine, SessionTokens } from "./session-lines.ts";

// A forked session of Codex up to 0.160 begins with the lines of its parent, written again with the time of the fork;
// newer ones name their parent (`history_base`) and hold their own lines only.

const needles = ['"token_count"'];

/**
 * How many `token_count` lines at the beginning of a log its parent has written already. None when it is no fork, or
 * when the parent is not among `files`: then nobody else counts them.
 */
export function replayedCounts(log: LogFile, files: readonly SessionFile[]): number {
  const parent = parentOf(log, files);
  if (parent === undefined) return 0;
  return withLog(parent, (parentLog) => countShared(counts(log), counts(parentLog))) ?? 0;
}

function parentOf(log: LogFile, files: readonly SessionFile[]): SessionFile | undefined {
  const [line = ""] = log.head().split("\n", 1);
  const payload = field(parseJson(line), "payload");
  const id = readText(field(payload, "forked_from_id"));
  const isWhole = (field(payload, "history_base") ?? null) === null;
  return id !== null && isWhole ? files.find(({ name }) => name.endsWith(`-${id}.jsonl`)) : undefined;
}

function* counts(log: LogFile): Generator<TokenCountLine> {
  for (const text of log.linesFrom(0, needles)) {
    const line = parseTokenCount(text);
    if (line !== null) yield line;
  }
}

function countShared(own: Generator<TokenCountLine>, parents: Generator<TokenCountLine>): number {
  let shared = 0;
  for (const line of own) {
    const before = parents.next();
    if (before.done === true || !isSame(line, before.value)) break;
    shared += 1;
  }
  return shared;
}

function isSame(a: TokenCountLine, b: TokenCountLine): boolean {
  return hasSameTokens(a.total, b.total) && hasSameTokens(a.last, b.last);
}

function hasSameTokens(a: SessionTokens | null, b: SessionTokens | null): boolean {
  if (a === null || b === null) return a === b;
  return a.input === b.input && a.output === b.output && a.cachedInput === b.cachedInput;
}
