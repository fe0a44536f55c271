import type { IncomingHttpHeaders } from "node:http";
import { isCodexClient } from "../answers/refusals.ts";
import { type Body, bodyBytes } from "./body.ts";

/** What is known of a request beside its bytes. */
export interface RequestFacts {
  readonly isCodex: boolean;
  /** Whose request it is, where several clients share the accounts; null: there is one. */
  readonly client: string | null;
  /** The thread; null when the client does not say, and then nothing ties its requests together. */
  readonly conversation: string | null;
  /** Under which Codex logs the session. */
  readonly sessionIds: readonly string[];
  readonly model: string | null;
  readonly turnId: string | null;
  readonly turnState: string | null;
  /** The answer that this request goes on from: only the account that gave it knows it. */
  readonly previousResponseId: string | null;
}

const longestId = 256;

/**
 * Codex says beside the body what we need (thread, model, turn), so a compressed body is never unpacked: no bomb can
 * go off here, and the bytes stay as they are. Only a plain JSON body is looked into. Two clients that name their
 * conversations alike share nothing.
 */
export function requestFacts(
  headers: IncomingHttpHeaders,
  body: Body | null,
  client: string | null = null,
): RequestFacts {
  const threadId = headerId(headers, "thread-id") ?? headerId(headers, "conversation_id");
  const sessionId = headerId(headers, "session-id") ?? headerId(headers, "session_id");
  const fields = bodyFields(headers, body);
  const conversation = threadId ?? sessionId ?? id(fields?.get("prompt_cache_key"));
  return {
    client,
    isCodex: isCodexClient({
      "user-agent": headers["user-agent"],
      originator: headerId(headers, "originator") ?? "",
    }),
    conversation: conversation === null ? null : ofClient({ client }, conversation),
    sessionIds: [...new Set([threadId, sessionId])].filter((each) => each !== null),
    model: routedModel(headers) ?? id(fields?.get("model")),
    turnId: /"turn_id"\s*:\s*"([^"\\]{1,128})"/.exec(text(headers, "x-codex-turn-metadata"))?.[1] ?? null,
    turnState: text(headers, "x-codex-turn-state") || null,
    previousResponseId: id(fields?.get("previous_response_id")),
  };
}

function bodyFields(headers: IncomingHttpHeaders, body: Body | null): Map<string, unknown> | null {
  const encoding = headers["content-encoding"];
  if (body === null || body.size === 0 || (encoding !== undefined && encoding !== "identity")) return null;
  return topLevelFields(bodyBytes(body), ["prompt_cache_key", "model", "previous_response_id"]);
}

/** `model=gpt-5.5` among others. */
function routedModel(headers: IncomingHttpHeaders): string | null {
  return /(?:^|[;,\s])model=([\w.:/-]{1,128})/.exec(text(headers, "x-codex-routing-hint"))?.[1] ?? null;
}

function headerId(headers: IncomingHttpHeaders, name: string): string | null {
  return id(headers[name]);
}

function text(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value : "";
}

function id(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.length <= longestId ? value : null;
}

/** Values longer than this are no id and no name. */
const longestValue = 1024;

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

/**
 * The texts, numbers and booleans of some fields of a JSON object, without parsing the rest: a request holds
 * megabytes beside them. Only fields of the outermost object count. Linear; empty for what is no object.
 */
export function topLevelFields(bytes: Buffer, names: readonly string[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  if (!names.some((name) => bytes.includes(`"${name}"`))) return found;
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== openBrace) return found;
  for (at = skipSpace(bytes, at + 1); bytes[at] === quote; at = skipSpace(bytes, at + 1)) {
    const keyEnd = stringEnd(bytes, at);
    const name = bytes.toString("utf8", at + 1, keyEnd - 1);
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== colon) return found;
    const start = skipSpace(bytes, at + 1);
    at = valueEnd(bytes, start);
    if (names.includes(name)) readValue(found, name, bytes, start, at);
    at = skipSpace(bytes, at);
    if (bytes[at] !== comma) return found;
  }
  return found;
}

function readValue(found: Map<string, unknown>, name: string, bytes: Buffer, start: number, end: number) {
  if (end - start > longestValue || bytes[start] === openBrace || bytes[start] === openBracket) return;
  try {
    found.set(name, JSON.parse(bytes.toString("utf8", start, end)));
  } catch {
    // Upstream will say what is wrong with it.
  }
}

function skipSpace(bytes: Buffer, at: number): number {
  let next = at;
  for (let byte = bytes[next]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;)
    byte = bytes[(next += 1)];
  return next;
}

/** Just behind the quote that ends the string which begins at `at`. */
function stringEnd(bytes: Buffer, at: number): number {
  for (let end = bytes.indexOf(quote, at + 1); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
  return bytes.length;
}

function valueEnd(bytes: Buffer, start: number): number {
  if (bytes[start] === quote) return stringEnd(bytes, start);
  let depth = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (depth === 0 && (byte === comma || byte === closeBrace)) return at;
    if (byte === openBrace || byte === openBracket) depth += 1;
    if (byte === closeBrace || byte === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0 && (byte === closeBrace || byte === closeBracket)) return at;
  }
  return at;
}

/** Under which name something is remembered: what one client was given, or calls its own, is nothing to another. */
export function ofClient({ client }: Pick<RequestFacts, "client">, name: string): string {
  return client === null ? name : `${client}/${name}`;
}
