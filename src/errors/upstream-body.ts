import { defined, field, isRecord, opensJson, parseJson, textField } from "../text/json.ts";
import { redact } from "../text/safe-text.ts";
import { type ErrorDetail, paramFromPath, readErrorExtras } from "./envelope.ts";

/** What could be read of an error body, however it is shaped. */
export type UpstreamError = { readonly [Key in keyof ErrorDetail]?: ErrorDetail[Key] | undefined };

const longestMessage = 4000;

/**
 * Reads an error in any shape that OpenAI, Cloudflare, FastAPI or OAuth answer: `{error:{…}}`, `{error:"code",
 * error_description}`, `{detail:…}`, `{message}`, plain text. HTML and broken JSON give nothing. Messages are redacted and cut.
 */
export function readUpstreamError(body: unknown): UpstreamError {
  const value = typeof body === "string" ? (parseJson(body) ?? body) : body;
  if (typeof value === "string") return looksLikeHtml(value) || opensJson(value) ? {} : readMessage(value);
  const error = field(value, "error");
  if (isRecord(error)) return readObject(error);
  if (typeof error === "string") return readOAuth(error, value);
  const detail = field(value, "detail");
  if (detail !== undefined) return readDetail(detail);
  return isRecord(value) ? readObject(value) : {};
}

/** Control characters, and those that turn or hide text; the narrow space of formatted times stays. */
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text as a message: control characters gone, secrets gone, length bounded. */
export function cleanMessage(text: string): string {
  const cut = text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text;
  return redact(cut.replace(invisible, "")).trim();
}

function readObject(error: object): UpstreamError {
  const { message } = readMessage(textField(error, "message") ?? textField(error, "detail") ?? "");
  return defined({
    ...readErrorExtras(error),
    message,
    type: nameField(error, "type"),
    code: nameField(error, "code"),
    diagnostics: undefined,
  });
}

/** RFC 6749: `error` is the code. Some proxies put a sentence there. */
function readOAuth(error: string, body: unknown): UpstreamError {
  if (!/^[\w.-]{1,200}$/.test(error)) return readMessage(error);
  const words = textField(body, "error_description") ?? textField(body, "message") ?? "";
  return defined({ ...readMessage(words), code: error });
}

/** FastAPI: a text, an object, or a list of issues with `loc` and `msg`. */
function readDetail(detail: unknown): UpstreamError {
  if (typeof detail === "string") return readMessage(detail);
  if (isRecord(detail)) return readObject(detail);
  const first: unknown = Array.isArray(detail) ? detail[0] : undefined;
  const path = field(first, "loc");
  const keys = Array.isArray(path) ? path.filter(isKey) : [];
  return defined({
    ...readMessage(textField(first, "msg") ?? ""),
    param: paramFromPath(keys[0] === "body" ? keys.slice(1) : keys),
  });
}

function readMessage(text: string): UpstreamError {
  const message = cleanMessage(text);
  return message === "" ? {} : { message };
}

function nameField(error: object, key: string): string | undefined {
  const found = textField(error, key);
  return found !== undefined && found.length <= 200 ? found : undefined;
}

function isKey(value: unknown): value is PropertyKey {
  return typeof value === "string" || typeof value === "number";
}

function looksLikeHtml(text: string): boolean {
  return /^(?:<!doctype|<html|<head|<body|<\?xml)/i.test(text.trimStart().slice(0, 20));
}

/** Headers as fetch gives them (`Headers`, a Map, pairs) or as `node:http` does (a record). */
export type HeaderSource =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Lower-case names to values. Anything that is not a header is left out. */
export function headerMap(headers: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of pairsOf(headers)) {
    if (typeof name !== "string") continue;
    const text = headerText(value);
    if (text !== undefined) found.set(name.toLowerCase(), text);
  }
  return found;
}

function pairsOf(headers: unknown): [unknown, unknown][] {
  if (!isIterable(headers)) return isRecord(headers) ? Object.entries(headers) : [];
  const pairs: [unknown, unknown][] = [];
  for (const each of headers) if (Array.isArray(each)) pairs.push([each[0], each[1]]);
  return pairs;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.iterator in value &&
    typeof value[Symbol.iterator] === "function"
  );
}

function headerText(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? headerText(value[0]) : undefined;
}

const longest = 1_000_000;

/**
 * The text of an answer, unpacked, and no more than the start of it: what we ask for is short, and a small answer that
 * unpacks to an endless one must not fill the memory.
 */
export async function answerText({ body }: Pick<Response, "body">, limit = longest): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) return text.slice(0, limit);
  }
  return text + decoder.decode();
}
