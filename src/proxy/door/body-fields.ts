import type { IncomingHttpHeaders } from "node:http";
import { type Body, bodyBytes } from "./body.ts";

/**
 * Codex says beside the body what we need (thread, model, turn), so a compressed body is never unpacked: no bomb can
 * go off here, and the bytes stay as they are. Only a plain JSON body is looked into.
 */
export function bodyFields(headers: IncomingHttpHeaders, body: Body): object {
  const encoding = headers["content-encoding"];
  if (body.size === 0 || (encoding !== undefined && encoding !== "identity")) return {};
  return Object.fromEntries(
    topLevelFields(bodyBytes(body), ["prompt_cache_key", "model", "previous_response_id"]),
  );
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
  walk(bytes, (name, start, end) => {
    if (names.includes(name)) readValue(found, name, bytes, start, end);
  });
  return found;
}

/**
 * Some fields of a JSON object, each whatever it is, as JSON.parse would tell them and in half of its time; null where
 * the outermost object is none or does not end. Whoever is sent the bytes sees for himself what is wrong inside the others.
 */
export function objectFields(
  bytes: Buffer,
  names: readonly string[],
): Readonly<Record<string, unknown>> | null {
  const found: Record<string, unknown> = {};
  try {
    const isWhole = walk(bytes, (name, start, end) => {
      if (names.includes(name)) found[name] = JSON.parse(bytes.toString("utf8", start, end));
    });
    return isWhole ? found : null;
  } catch {
    return null;
  }
}

/** Tells every field of the outermost object, and whether that is all that there is. */
function walk(bytes: Buffer, tell: (name: string, start: number, end: number) => void): boolean {
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== openBrace) return false;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === closeBrace) return skipSpace(bytes, at + 1) === bytes.length;
  for (; bytes[at] === quote; at = skipSpace(bytes, at + 1)) {
    const keyEnd = stringEnd(bytes, at);
    const name = keyName(bytes, at, keyEnd);
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== colon) return false;
    const start = skipSpace(bytes, at + 1);
    at = valueEnd(bytes, start);
    tell(name, start, at);
    at = skipSpace(bytes, at);
    if (bytes[at] === closeBrace) return skipSpace(bytes, at + 1) === bytes.length;
    if (bytes[at] !== comma) return false;
  }
  return false;
}

/** Of the key between two quotes: what it says, however it is written. */
function keyName(bytes: Buffer, start: number, end: number): string {
  const name = bytes.toString("utf8", start + 1, end - 1);
  if (!name.includes("\\")) return name;
  try {
    return String(JSON.parse(`"${name}"`));
  } catch {
    return name;
  }
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
