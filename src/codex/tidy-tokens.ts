import { isRecord } from "../text/json.ts";
import type { AuthDocument } from "./auth-json.ts";

/** A secret with something around or in it that is no part of it: it was copied by hand. */
interface UntidyToken {
  /** As the file has it: tokens.access_token. */
  field: string;
  /** What is wrong, as half a sentence. */
  problem: string;
}

const inTokens = ["id_token", "access_token", "refresh_token"];
const atTop = ["OPENAI_API_KEY", "personal_access_token"];

/** No secret of OpenAI has white space in it, so all of it was brought in by copying. */
export function untidyTokens(document: AuthDocument): UntidyToken[] {
  return secretsOf(document).flatMap(({ field, value }) => {
    const problem = problemOf(value);
    return problem === null ? [] : [{ field, problem }];
  });
}

/** The document with its secrets as they were meant; the same object where all are tidy. */
export function tidied(document: AuthDocument): AuthDocument {
  if (untidyTokens(document).length === 0) return document;
  const { tokens } = document;
  const top = tidiedFields(document, atTop);
  return isRecord(tokens) ? { ...top, tokens: tidiedFields(tokens, inTokens) } : top;
}

function tidiedFields(record: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const changed = names.flatMap((name) => {
    const value = record[name];
    return typeof value === "string" ? [[name, tidy(value)]] : [];
  });
  return { ...record, ...Object.fromEntries(changed) };
}

function secretsOf(document: AuthDocument): { field: string; value: string }[] {
  const { tokens } = document;
  const inner = isRecord(tokens) ? tokens : {};
  return [
    ...inTokens.map((name) => ({ field: `tokens.${name}`, value: inner[name] })),
    ...atTop.map((name) => ({ field: name, value: document[name] })),
  ].flatMap(({ field, value }) => (typeof value === "string" ? [{ field, value }] : []));
}

function tidy(value: string): string {
  return value
    .replace(bearer, "")
    .replaceAll(/\s+/g, "")
    .replace(/^(["'])(.*)\1$/s, "$2");
}

const bearer = /^\s*(?:Authorization:\s*)?Bearer\s+/i;

function problemOf(value: string): string | null {
  if (bearer.test(value)) return 'begins with "Bearer "';
  if (/[\r\n]/.test(value)) return "has a line break in it";
  if (/\s/.test(value)) return "has blanks in it";
  return /^(["']).*\1$/s.test(value) ? "has quotes around it" : null;
}

/** The text in some bytes, and whether they are UTF-16, as Windows PowerShell writes what `>` redirects. */
export function decodedText(bytes: Uint8Array): { text: string; isUtf16: boolean } {
  const encoding = utf16Of(bytes);
  return { text: new TextDecoder(encoding ?? "utf-8").decode(bytes), isUtf16: encoding !== null };
}

/** By its mark or, without one, by the zero beside the brace that every JSON object begins with. */
function utf16Of([first, second]: Uint8Array): "utf-16le" | "utf-16be" | null {
  const brace = 0x7b;
  if ((first === 0xff && second === 0xfe) || (first === brace && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === brace)) return "utf-16be";
  return null;
}
