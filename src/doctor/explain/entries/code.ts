import { apiErrors } from "../../../errors/api-errors.ts";
import { codexErrorGuide } from "../../../errors/codex-error-guide.ts";
import { commandErrors } from "../../../errors/command-errors.ts";
import type { Entry } from "../known-error.ts";

interface Coded {
  readonly code: string;
  readonly meaning: string;
  readonly action: string;
  readonly cause: string;
}

/** An entry for each code and name that no entry written by hand stands for: of the catalog, and of CodexErrorInfo. */
export function codeEntries(written: readonly Entry[]): Entry[] {
  const covered = new Set(written.flatMap(({ id, codes = [] }) => [id, ...codes]));
  const open = everyCode().filter(({ code }) => !covered.has(code));
  return open.map(entryOf);
}

function entryOf({ code, meaning, action, cause }: Coded): Entry {
  const entry: Entry = {
    id: snakeCase(code),
    title: meaning.replace(/\.$/, ""),
    codes: [code],
    cause,
    fix: action,
    checks: [],
    example: `{"code":"${code}"}`,
  };
  const sentence = sentences[code];
  return sentence ? { ...entry, says: sentence } : entry;
}

/** What the proxy says in words, where Codex shows the sentence without its code. */
const sentences: Readonly<Record<string, RegExp>> = {
  codex_runtime_rotation_pool_exhausted:
    /no managed account can serve|usage limit\. run: codex auth rotation status/i,
  codex_pinned_account_unavailable: /pinned account cannot serve/i,
  no_accounts: /no account can serve this request: none is configured/i,
  runtime_rotation_proxy_unauthorized: /the proxy's client key is missing or wrong/i,
  runtime_rotation_proxy_not_found: /the proxy does not serve this path/i,
  runtime_rotation_proxy_payload_too_large: /body is over the proxy's cap/i,
  codex_runtime_rotation_proxy_error: /the proxy (?:failed before forwarding|holds too many large)/i,
};

function everyCode(): Coded[] {
  const api = Object.entries(apiErrors).map(([code, { meaning, hint }]) =>
    coded(code, meaning, hint, "An error code of the rotation proxy or the library of codex-auth."),
  );
  const command = Object.entries(commandErrors).map(([code, { meaning, hint }]) =>
    coded(code, meaning, hint, "An error code of a codex-auth command; its message says what happened."),
  );
  const codex = Object.entries(codexErrorGuide).map(([code, { meaning, action }]) =>
    coded(code, meaning, action, "Codex puts its failures into classes; this name is one of them."),
  );
  return [...new Map([...codex, ...api, ...command].map((each) => [each.code, each])).values()];
}

function coded(code: string, meaning: string, action: string, cause: string): Coded {
  return { code, meaning, action, cause };
}

/** Types of errors that stand beside a message, which says more. */
const vague: ReadonlySet<string> = new Set([
  "invalid_request_error",
  "validation_error",
  "not_found",
  "server_error",
  "upstream_error",
]);

/** The codes of an entry as part of its patterns. Names of CodexErrorInfo are classes, so a message says more. */
export function withCodes(entry: Entry): Entry {
  const { id, says, frame, status } = entry;
  const codes = [...new Set([...(isOurs(id) ? [id] : []), ...(entry.codes ?? [])])];
  const names = codes.filter((code) => Object.hasOwn(codexErrorGuide, code) || vague.has(code));
  const others = codes.filter((code) => !names.includes(code));
  return {
    ...entry,
    ...defined("says", says, others),
    ...defined(names.includes("other") ? "frame" : "status", names.includes("other") ? frame : status, names),
  };
}

function isOurs(id: string): boolean {
  return Object.hasOwn(commandErrors, id) || Object.hasOwn(apiErrors, id);
}

function defined(key: "says" | "status" | "frame", pattern: RegExp | undefined, codes: readonly string[]) {
  if (codes.length === 0) return {};
  const source = [...(pattern ? [pattern.source] : []), ...codes.map(codePattern)].join("|");
  return { [key]: new RegExp(source, "i") };
}

/** A code that is also a word of English counts only as a code: after `code:`, between quotes, or alone. */
function codePattern(code: string): string {
  const spellings = [...new Set([code, snakeCase(code)])].join("|");
  if (/[a-z][A-Z]|_/.test(code)) return String.raw`(?<![\w-])(?:${spellings})(?![\w-])`;
  return String.raw`(?:code|type|codexErrorInfo)["']?[:=(] ?["']?(?:${spellings})\b|^(?:${spellings})$`;
}

function snakeCase(code: string): string {
  return code.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
