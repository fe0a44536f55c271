import { dayStart } from "../../budget/usage-state.ts";
import { poolAccounts } from "../admin/accounts.ts";
import { listAudit } from "../admin/audit.ts";
import { findSession, sessionCookie } from "../admin/sessions.ts";
import { mostRows, UnknownRow } from "../admin/paging.ts";
import { listRequests, outcomes } from "../admin/requests.ts";
import { deny, give, type HttpExchange, queryOf } from "../door/http-exchange.ts";
import { listKeys } from "../keys/client-keys.ts";
import type { GatewayParts } from "../parts.ts";
import { keyPage, keysPage, signInPage } from "./keys-pages.ts";
import { assets, type Page, pageHeaders, pageText } from "./layout.ts";
import { accountsPage, auditPage, requestsPage } from "./lists.ts";
import { html } from "./markup.ts";
import { keyFigures, overviewFigures, shares, shownDays } from "./overview-figures.ts";
import { overviewPage } from "./overview.ts";

/** What a browser asks for by a path; null for what no page is. */
export type PageRoute =
  | { readonly kind: "page"; readonly page: PageName; readonly id: string }
  | { readonly kind: "asset"; readonly path: string };

type PageName = keyof typeof makers;

type Make = (parts: GatewayParts, words: Words) => Promise<Page | null>;

interface Words {
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
}

const makers = { overview, accounts, keys, key, requests, audit } satisfies Record<string, Make>;

export function readPageRoute(path: string): PageRoute | null {
  if (assets.has(path)) return { kind: "asset", path };
  if (path === "/") return { kind: "page", page: "overview", id: "" };
  const [, name = "", id = ""] =
    /^\/(accounts|keys|requests|audit)(?:\/(key_[0-9a-f]{1,64}))?$/.exec(path) ?? [];
  if (id !== "") return name === "keys" ? { kind: "page", page: "key", id } : null;
  return name === "" ? null : { kind: "page", page: name as PageName, id: "" };
}

/** Pages for browsers. Whoever is not signed in sees how to, whatever the path. */
export async function answerPage(exchange: HttpExchange, route: PageRoute): Promise<void> {
  const { parts, request } = exchange;
  if (route.kind === "asset") return giveAsset(exchange, route.path);
  const token = sessionCookie(request);
  try {
    const session = token === null ? null : await findSession(parts.database, token);
    if (session === null) return show(exchange, 200, pageText(signInPage()));
    const query = Object.fromEntries(new URLSearchParams(queryOf(request)));
    const text = await parts.pages.take(() => textOf(parts, route.page, { id: route.id, query }));
    return text === null ? show(exchange, 404, pageText(absentPage)) : show(exchange, 200, text);
  } catch (error) {
    if (error instanceof UnknownRow) return show(exchange, 404, pageText(absentPage));
    parts.rotation.counters.problem = error;
    return show(exchange, 503, pageText(awayPage));
  }
}

const absentPage: Page = {
  title: "Not here",
  section: "/",
  body: html`<p>There is no such page, or it is not kept any more.</p>`,
};

const awayPage: Page = {
  title: "Not now",
  section: "/",
  body: html`<p>The database of the gateway cannot be read now. codex auth gateway status says why.</p>`,
};

async function textOf(parts: GatewayParts, name: PageName, words: Words): Promise<string | null> {
  // The dearest of them, and the one that stays open.
  if (name === "overview") return await parts.pages.kept(name, async () => pageText(await overview(parts)));
  const page = await makers[name](parts, words);
  return page && pageText(page);
}

function show(exchange: HttpExchange, status: number, body: string): void {
  give(exchange, { status, headers: pageHeaders, body });
}

function giveAsset(exchange: HttpExchange, path: string): void {
  const asset = assets.get(path);
  if (!asset) return deny(exchange, { kind: "not-found" });
  const headers = {
    "content-type": asset.type,
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
  };
  give(exchange, { status: 200, headers, body: asset.body });
}

async function overview(parts: GatewayParts): Promise<Page> {
  return overviewPage(await overviewFigures(parts));
}

async function accounts({ database, rotation, now }: GatewayParts): Promise<Page> {
  const since = dayStart(database.now()) - (shownDays - 1) * 86_400_000;
  const used = await shares(database, "account", since);
  return accountsPage(poolAccounts(rotation, now()), used, now());
}

async function keys({ database, rotation, now }: GatewayParts): Promise<Page> {
  return keysPage(await keyFigures(database), poolAccounts(rotation, now()), database.now());
}

async function key({ database, rotation, now }: GatewayParts, { id }: Words): Promise<Page | null> {
  const found = (await keyFigures(database)).find((each) => each.key.id === id);
  return found ? keyPage(found, poolAccounts(rotation, now()), database.now()) : null;
}

async function requests({ database, rotation, now }: GatewayParts, { query }: Words): Promise<Page> {
  const said = (name: string) => (query[name] === "" ? undefined : query[name]);
  const outcome = outcomes.find((each) => each === query["outcome"]);
  const filter = { key: said("key"), account: said("account"), model: said("model"), outcome };
  const rows = await listRequests(database, { ...filter, before: said("before"), limit: mostRows });
  const known = await listKeys(database);
  return requestsPage({
    rows,
    filter,
    nextBefore: rows.length < mostRows ? null : (rows.at(-1)?.id ?? null),
    keys: new Map(known.map(({ id, name }) => [id, name])),
    accounts: new Map(poolAccounts(rotation, now()).map(({ id, name }) => [id, name])),
  });
}

async function audit({ database }: GatewayParts, { query }: Words): Promise<Page> {
  const before = query["before"];
  const rows = await listAudit(database, { ...(before === undefined ? {} : { before }), limit: mostRows });
  const nextBefore = rows.length < mostRows ? null : (rows.at(-1)?.id ?? null);
  const known = await listKeys(database);
  return auditPage(rows, nextBefore, new Map(known.map(({ id, name }) => [id, name])));
}
