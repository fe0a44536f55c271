import { isRecord } from "../../accounts/unknown-value.ts";
import { redact } from "../../errors/redact.ts";
import type { Scene } from "../scene.ts";

const mark = "[redacted]";
const secretName = /key|token|secret|password|authorization|bearer|cookie|credential/i;
const email = /[^\s@"'<>()[\]{},;:=/]{1,64}@[^\s@"'<>()[\]{},;:=/]{1,255}/g;
const userInfo = /(:\/\/)[^/\s@]{1,300}@/g;
const query = /(:\/\/[^\s?"']{1,2000})\?[^\s"']{1,2000}/g;

/** Makes every text in a document fit to be handed to a stranger: no secret, no e-mail address, no home folder. */
export function cleaner({ fx: { env }, snapshot, live }: Scene): <T>(value: T) => T {
  const documents = [...(snapshot?.pool.accounts.map(({ auth }) => auth) ?? []), live?.login?.document];
  const named = Object.entries(env).filter(([name]) => secretName.test(name));
  const secrets = [
    ...documents.flatMap((each) => secretsIn(each, false)),
    ...named.map(([, value]) => value ?? ""),
  ];
  const spelled = [...new Set(secrets.filter((secret) => secret.length >= 8).flatMap(spellings))];
  const home = env["HOME"] ?? "";
  const clean = (text: string): string => {
    let rest = text;
    for (const secret of spelled) rest = rest.replaceAll(secret, mark);
    rest = redact(rest.replace(userInfo, "$1").replace(query, `$1?${mark}`)).replace(email, masked);
    return home.length > 1 ? rest.replaceAll(home, "~") : rest;
  };
  return <T>(value: T) => mapTexts(value, clean) as T;
}

/** Every text below a key that names a secret. */
function secretsIn(value: unknown, isSecret: boolean): string[] {
  if (typeof value === "string") return isSecret ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => secretsIn(child, isSecret || secretName.test(key)));
}

/** Every way in which a secret could stand in a text. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString("base64").replace(/=+$/, "");
  return [
    secret,
    encodeURIComponent(secret),
    base64,
    bytes.toString("base64url"),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/** "ada@team.example" -> "a***@***" */
function masked(found: string): string {
  return `${found.slice(0, 1)}***@***`;
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [change(key), mapTexts(child, change)]),
  );
}
