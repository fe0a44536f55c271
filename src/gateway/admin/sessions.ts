import type { IncomingMessage } from "node:http";
import { type Database, readDocument, removeDocument, replaceDocument } from "../../database/database.ts";
import { randomHex, sha256 } from "../../machine/hash.ts";
import { numberField, parseJson, textField } from "../../text/json.ts";
import { type Actor, addAudit } from "./audit.ts";

/** Somebody who signed in on the page. */
export interface Session {
  readonly actor: Actor;
  readonly expiresMs: number;
}

const linkMs = 60_000;
const sessionMs = 12 * 3_600_000;
const guessWindowMs = 60_000;
const mostGuesses = 20;

/** Only hashes are stored: who reads the database cannot become anybody. */
function newToken(): { token: string; id: string } {
  const token = Buffer.from(randomHex(32), "hex").toString("base64url");
  return { token, id: sha256(token) };
}

/** For the owner of the files, who is admin: opens the page once, within a minute. */
export async function makeLink(database: Database): Promise<string> {
  const { token, id } = newToken();
  const nowMs = database.now();
  const body = JSON.stringify({ expiresMs: nowMs + linkMs });
  await replaceDocument(
    database,
    { kind: "link", id, version: 0, body, changedMs: nowMs },
    { isDurable: true },
  );
  return token;
}

/** Uses the link up; false for one that was used, is too old, or never was. */
export async function useLink(database: Database, token: string): Promise<boolean> {
  const id = sha256(token);
  const document = await readDocument(database, "link", id);
  if (document === null) return false;
  // Of two that come at once one removes it.
  const removed = await database.change(`delete from documents where kind = 'link' and id = $1`, [id], {
    isDurable: true,
  });
  return removed === 1 && (numberField(parseJson(document.body), "expiresMs") ?? 0) > database.now();
}

export async function openSession(
  database: Database,
  actor: Actor,
  address: string,
): Promise<{ readonly token: string; readonly session: Session }> {
  const { token, id } = newToken();
  const nowMs = database.now();
  const session = { actor, expiresMs: nowMs + sessionMs };
  await database.transact(
    async (statements) => {
      const body = JSON.stringify(session);
      await replaceDocument(statements, { kind: "session", id, version: 0, body, changedMs: nowMs });
      await addAudit(statements, { actor, action: "session.open", target: "page", detail: address }, nowMs);
    },
    { isDurable: true },
  );
  return { token, session };
}

/** Null: none, ended, or the admin key that opened it opens nothing any more. */
export async function findSession(database: Database, token: string): Promise<Session | null> {
  const document = await readDocument(database, "session", sha256(token));
  const value = parseJson(document?.body ?? "");
  const [actor, expiresMs] = [textField(value, "actor"), numberField(value, "expiresMs")];
  if (actor === undefined || expiresMs === undefined || expiresMs <= database.now()) return null;
  if (!actor.startsWith("key_")) return { actor, expiresMs };
  const sql = `select id from api_keys where id = $1 and revoked_ms is null and (expires_ms is null or expires_ms > $2)`;
  const [key] = await database.query(sql, [actor, database.now()]);
  return key === undefined ? null : { actor, expiresMs };
}

export async function closeSession(database: Database, token: string): Promise<void> {
  await removeDocument(database, "session", sha256(token));
}

/** Counts a wrong key of an address: one count for all gateways that share the database. */
export async function noteGuess(database: Database, address: string): Promise<void> {
  const nowMs = database.now();
  await database.change(
    `insert into documents (kind, id, version, body, changed_ms) values ('guess', $1, 1, '', $2)
     on conflict (kind, id) do update set
     version = case when documents.changed_ms < $3 then 1 else documents.version + 1 end,
     changed_ms = case when documents.changed_ms < $3 then excluded.changed_ms else documents.changed_ms end`,
    [address, nowMs, nowMs - guessWindowMs],
  );
}

/** How long this address must wait before another key is looked at; 0: it need not. */
export async function guessWaitMs(database: Database, address: string): Promise<number> {
  const [row] = await database.query(
    `select version, changed_ms from documents where kind = 'guess' and id = $1`,
    [address],
  );
  if (row === undefined || Number(row["version"]) < mostGuesses) return 0;
  return Math.max(0, Number(row["changed_ms"]) + guessWindowMs - database.now());
}

/** Forgets links, sessions and guesses that count no longer. */
export async function pruneSessions(database: Database): Promise<void> {
  const nowMs = database.now();
  for (const [kind, ageMs] of [
    ["link", linkMs],
    ["session", sessionMs],
    ["guess", guessWindowMs],
  ] as const) {
    await database.change(`delete from documents where kind = $1 and changed_ms < $2`, [kind, nowMs - ageMs]);
  }
}

/** The host that the request names, without its port where it has the usual one. */
function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? "").toLowerCase();
}

/** Browsers share cookies between the ports of a host, so each port has a name of its own. */
function cookieName(request: IncomingMessage): string {
  return `codex_auth_${/:(\d+)$/.exec(hostOf(request))?.[1] ?? "page"}`;
}

export function sessionCookie(request: IncomingMessage): string | null {
  const name = cookieName(request);
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const [key = "", value = ""] = pair.trim().split("=", 2);
    if (key === name && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

interface CookieLife {
  /** 0 ends it. */
  readonly seconds: number;
  /** Where the page is reached by TLS. */
  readonly isSecure: boolean;
}

export function setCookie(
  request: IncomingMessage,
  token: string,
  { seconds, isSecure }: CookieLife,
): string {
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

/**
 * Whether a browser sent it for a page that is not ours. A page of ours names its own origin with everything that
 * changes something; programs name none.
 */
export function isForeignPage(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (origin !== undefined && originHost(origin) !== hostOf(request)) return true;
  if (site === undefined || site === "same-origin" || site === "none") return false;
  // Somebody followed a link to the page; the cookie stays away, so this shows the sign-in at most.
  return request.headers["sec-fetch-mode"] !== "navigate" || request.method !== "GET";
}

/** A cookie counts for a change only where the browser says that our own page asks, in JSON. */
export function isOwnForm(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  const type = request.headers["content-type"] ?? "";
  return origin !== undefined && originHost(origin) === hostOf(request) && /^application\/json\b/.test(type);
}

function originHost(origin: string): string | null {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  return match?.[1]?.toLowerCase() ?? null;
}
