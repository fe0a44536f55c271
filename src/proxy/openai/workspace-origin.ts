import type { IncomingMessage } from "node:http";
import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import { backendUrl, isLoopbackHost } from "../../openai/backend.ts";
import { workspacesOf } from "../../openai/ask.ts";
import type { Account } from "../../pool/account.ts";
import { minuteMs } from "../../quota/limit.ts";
import { field, parseJson, readText } from "../../text/json.ts";
import type { Conversations } from "../accounts/conversations.ts";
import type { RequestFacts } from "../door/request-facts.ts";
import { credentialHeaders, outgoingHeaders } from "./headers.ts";
import { readStart, type Upstream } from "./upstream.ts";

type Login = Account["login"];

/** Where the requests of one account go. */
interface WorkspaceRoute {
  readonly origin: string;
  /** For `x-openai-account-routing-override`; null when there is none. */
  readonly override: string | null;
}

interface Place {
  readonly accountId: string;
  readonly plan: string | null;
  readonly origin: string;
  readonly host: string;
  readonly credentials: readonly string[];
}

interface Discovery {
  readonly route: WorkspaceRoute | null;
  /** When it is asked about again. */
  readonly untilMs: number;
}

interface RoutingOptions extends BackendQuestions {
  readonly now: () => number;
}

/** A person's own account goes on without an answer, and is not held up by every request. */
const personalRestMs = minuteMs;

const noConstraint = "NO_CONSTRAINT";

/**
 * Asks once for each account where its workspace lives, as Codex does: some may be served from their own region only.
 * An account whose question failed is asked about again.
 */
export class WorkspaceOrigins {
  readonly #options: RoutingOptions;
  readonly #routes = new Map<string, Promise<Discovery>>();
  /** Of each login, where it goes: made once, because every request of it needs them. */
  readonly #places = new WeakMap<Login, Place>();

  constructor(options: RoutingOptions) {
    this.#options = options;
  }

  /** Null: nobody knows where the workspace may be served. A promise: it has to be asked about first. */
  placeOf(account: Account, login: Login): Place | Promise<Place | null> {
    const known = this.#places.get(login);
    return known !== undefined && known.accountId === account.id && known.plan === account.login.plan
      ? known
      : this.#place(account, login);
  }

  async #place({ id, login: current }: Account, login: Login): Promise<Place | null> {
    const { plan } = current;
    const key = `${id} ${plan}`;
    const known = this.#routes.get(key) ?? this.#discover(current);
    this.#routes.set(key, known);
    const { route, untilMs } = await known;
    if (untilMs <= this.#options.now() && this.#routes.get(key) === known) this.#routes.delete(key);
    if (route === null) return null;
    const { origin, override } = route;
    const host = origin.slice(origin.indexOf("//") + 2);
    const place = { accountId: id, plan, origin, host, credentials: credentialHeaders(login, override) };
    if (untilMs === Infinity) this.#places.set(login, place);
    return place;
  }

  async #discover(login: Login): Promise<Discovery> {
    const { identity } = login;
    if (identity.kind !== "seat") return { route: this.#anywhere(), untilMs: Infinity };
    const { status, payload } = await askBackend(this.#options, "accounts/check", login);
    const mine = workspacesOf(payload, identity.accountId);
    if (mine.length === 1) return { route: this.#read(mine[0]), untilMs: Infinity };
    // A token that is refused here is refused there too, and that is what brings a new one.
    if (status === 401) return { route: this.#anywhere(), untilMs: 0 };
    if (!isPersonal(login)) return { route: null, untilMs: 0 };
    return { route: this.#anywhere(), untilMs: this.#options.now() + personalRestMs };
  }

  /** Where an account goes whose workspace is not bound to a place. */
  #anywhere(): WorkspaceRoute {
    return { origin: new URL(this.#options.backend).origin, override: null };
  }

  #read(account: unknown): WorkspaceRoute {
    const origin = readText(field(account, "workspace_backend_origin")) ?? noConstraint;
    const override = readText(field(account, "account_routing_override")) ?? noConstraint;
    const base = this.#anywhere().origin;
    return {
      origin: origin === noConstraint ? base : allowedOrigin(origin, base),
      override: override === noConstraint || !/^[\w-]{1,64}$/.test(override) ? null : override,
    };
  }
}

/** One person's own account is bound to no place, so it need not wait for an answer that does not come. */
function isPersonal({ plan }: Login): boolean {
  return plan !== null && ["free", "go", "plus", "pro", "prolite", "promax"].includes(plan);
}

/** A token goes to https only; where the backend is a server of this machine, everything stays on this machine. */
function allowedOrigin(text: string, base: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== "" || url.password !== "") return base;
  if (base.startsWith("http:"))
    return url.protocol === "http:" && isLoopbackHost(url.hostname) ? url.origin : base;
  return url.protocol === "https:" ? url.origin : base;
}

interface PlacedRequest {
  readonly origin: string;
  /** Flat. */
  readonly headers: string[];
}

interface Asking {
  readonly account: Account;
  readonly login: Account["login"];
  readonly request: IncomingMessage;
  readonly facts: RequestFacts;
  /** Of the body; null when there is none. */
  readonly size: number | null;
}

/** Where a request goes for an account, and with which headers; null when nobody knows where. A promise the first time. */
export function placeRequest(
  { workspaceOrigins, conversations }: Placing,
  asking: Asking,
): PlacedRequest | Promise<PlacedRequest | null> {
  const place = workspaceOrigins.placeOf(asking.account, asking.login);
  return place instanceof Promise
    ? place.then((found) => found && placed(conversations, asking, found))
    : placed(conversations, asking, place);
}

interface Placing {
  readonly workspaceOrigins: WorkspaceOrigins;
  readonly conversations: Conversations;
}

function placed(
  conversations: Conversations,
  { account, request, facts, size }: Asking,
  { origin, host, credentials }: Place,
): PlacedRequest {
  const mayCarryTurnState = conversations.mayCarryTurnState(facts, account.id);
  const carried = { credentials, mayCarryTurnState };
  return { origin, headers: outgoingHeaders(request.rawHeaders, host, carried, { size }) };
}

export function unplaced(nowMs: number): FailureClassification {
  const problem = new Error("OpenAI does not say where this workspace is served.");
  return classifyFailure(problem, nowMs, { stage: "connect" });
}

export interface BackendQuestions {
  readonly upstream: Upstream;
  /** As `backendOf` gives it. */
  readonly backend: string;
  readonly headersMs: number;
}

/** A side question of Codex, which costs no quota, with an account's own login. Status 0: no answer. */
export async function askBackend(
  { upstream, backend, headersMs }: BackendQuestions,
  name: Parameters<typeof backendUrl>[1],
  { accessToken, identity }: Account["login"],
): Promise<{ status: number; payload: unknown }> {
  const url = new URL(backendUrl(backend, name));
  const headers = ["host", url.host, "authorization", `Bearer ${accessToken}`];
  if (identity.kind === "seat") headers.push("chatgpt-account-id", identity.accountId);
  headers.push("accept", "application/json", "originator", "codex_cli_rs", "user-agent", "codex_cli_rs");
  const target = { origin: url.origin, path: url.pathname, method: "GET", headers, body: null } as const;
  const answer = await upstream.send({ ...target, headersMs }).answer;
  if (answer.kind === "lost") return { status: 0, payload: null };
  const { bytes } = await readStart(answer.response, headersMs);
  if (!answer.response.complete) answer.request.destroy();
  const status = answer.response.statusCode ?? 0;
  return { status, payload: status === 200 ? parseJson(bytes.toString()) : null };
}
