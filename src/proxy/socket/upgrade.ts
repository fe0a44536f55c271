import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import type { Account } from "../../pool/account.ts";
import type { Asked } from "../accounts/bookkeeper.ts";
import { type Choice, choose } from "../accounts/choose-account.ts";
import { isLoginFailure, loginFailure, renewalFor } from "../accounts/login-failure.ts";
import type { RequestFacts } from "../door/request-facts.ts";
import type { Visit } from "../door/request.ts";
import { upstreamPath } from "../door/routes.ts";
import { lostFailure } from "../openai/attempt.ts";
import { placeRequest, unplaced } from "../openai/workspace-origin.ts";
import { readStart, SlowAnswer } from "../openai/upstream.ts";
import type { RotationParts } from "../parts.ts";

/** A WebSocket to upstream, in the name of an account. */
export interface Connected {
  readonly kind: "connected";
  readonly account: Account;
  readonly socket: Duplex;
  /** What came together with the answer. */
  readonly head: Buffer;
  readonly response: IncomingMessage;
}

export interface Connecting {
  readonly request: IncomingMessage;
  readonly facts: RequestFacts;
  readonly query: string;
  readonly triedIds: Set<string>;
  readonly failures: Map<string, FailureClassification>;
  readonly visit: Visit;
  /** Of the client: nothing is connected for one that has left. */
  readonly client: Duplex;
  /** Ids of the accounts that may serve; null: all. */
  readonly allowed: ReadonlySet<string> | null;
}

type Opened =
  | Omit<Connected, "account">
  | { readonly kind: "failed"; readonly failure: FailureClassification }
  | { readonly kind: "renewing" };

/** Connects the best account; each one that fails is booked, and the next is tried. A choice: none is left. */
export async function connectNext(parts: RotationParts, wanted: Connecting): Promise<Connected | Choice> {
  for (;;) {
    await parts.pool.settled();
    const { facts, visit } = wanted;
    const choice = chooseNow(parts, wanted);
    const { decision } = choice;
    const account = decision.kind === "use" ? parts.pool.accounts.get(decision.accountId) : undefined;
    if (wanted.client.destroyed || isRefusedTwice(wanted)) return choice;
    if (!account) {
      const first =
        renewalFor(parts, choice, wanted.triedIds) ?? parts.figures.questions(choice, wanted.failures);
      if (first === null) return choice;
      await first;
      continue;
    }
    const asked = parts.bookkeeper.ask(account, facts);
    visit.enter(account.id, parts.now());
    const opened = await connect(parts, wanted, account);
    if (opened.kind === "connected") return { ...opened, account };
    if (wanted.client.destroyed) return choice;
    const failure = opened.kind === "renewing" ? null : unlessRenewing(parts, account, opened.failure);
    if (failure === null) visit.leave(parts.now());
    else failOn(parts, wanted, failure, asked);
  }
}

/** A handshake cannot wait for an account that comes back in a moment: Codex would go over to HTTP. */
function chooseNow(parts: RotationParts, { facts, triedIds, visit, allowed }: Connecting): Choice {
  const wanted = { facts, key: visit.key, triedIds, allowed };
  const choice = choose(parts, wanted, parts.now());
  if (choice.decision.kind !== "hold") return choice;
  const others = new Set([...triedIds, choice.decision.accountId]);
  return choose(parts, { ...wanted, triedIds: others }, parts.now());
}

/** A refusal that nobody knows is not tried on account after account. */
function isRefusedTwice({ failures }: Connecting): boolean {
  return [...failures.values()].filter(({ next }) => next === "another").length > 1;
}

/** Books a failure, and leaves the account out for the rest of this. */
export function failOn(
  { bookkeeper, counters, now }: RotationParts,
  { triedIds, failures, visit }: Connecting,
  failure: FailureClassification,
  asked: Asked,
): void {
  const { account } = asked;
  if (isLoginFailure(failure)) bookkeeper.noteNoLogin(account, failure);
  else bookkeeper.noteFailure(asked, failure);
  visit.leave(now());
  counters.of(account.id).failedOver += 1;
  triedIds.add(account.id);
  failures.set(account.id, failure);
}

/** Null: another token is fetched for the account, and others are asked meanwhile. Else what is booked. */
export function unlessRenewing(
  { accessTokens, pool, now }: RotationParts,
  account: Account,
  failure: FailureClassification,
): FailureClassification | null {
  if (failure.next !== "refresh") return failure;
  const reading = accessTokens.reject(account, (pool.accounts.get(account.id) ?? account).login.accessToken);
  return reading.kind === "renewing" ? null : loginFailure(reading, now());
}

async function connect(
  parts: RotationParts,
  { request, facts, query, client }: Connecting,
  account: Account,
): Promise<Opened> {
  const reading = parts.accessTokens.loginOf(account);
  if (reading.kind === "renewing") return reading;
  if (reading.kind === "none") return { kind: "failed", failure: loginFailure(reading, parts.now()) };
  const placed = await placeRequest(parts, { account, login: reading.login, request, facts, size: null });
  if (placed === null) return { kind: "failed", failure: unplaced(parts.now()) };
  // Without extensions the frames can be read.
  const headers = without(placed.headers, "sec-websocket-extensions");
  headers.push("connection", "Upgrade", "upgrade", "websocket");
  return await open(parts, {
    origin: placed.origin,
    path: upstreamPath("responses", query),
    headers,
    client,
    isAfterRefresh: parts.accessTokens.isUnproven(account.id, reading.login.accessToken),
  });
}

interface Opening {
  readonly origin: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly client: Duplex;
  readonly isAfterRefresh: boolean;
}

async function open(parts: RotationParts, opening: Opening): Promise<Opened> {
  const { upstream, now } = parts;
  let opened = await openOnce(parts, opening);
  if (opened.kind === "lost" && upstream.mayAskAgain(opening.origin, opened.request, opened.error))
    opened = await openOnce(parts, opening);
  if (opened.kind !== "lost") return opened;
  return { kind: "failed", failure: lostFailure(opened.error, now()) };
}

type Lost = { readonly kind: "lost"; readonly request: ClientRequest; readonly error: Error };

function openOnce(
  { limits, now, upstream }: RotationParts,
  { origin, path, headers, client, isAfterRefresh }: Opening,
): Promise<Opened | Lost> {
  return new Promise((resolve) => {
    const request = upstream.open(origin, path, "GET", headers);
    const timer = setTimeout(() => request.destroy(new SlowAnswer(limits.headersMs)), limits.headersMs);
    const leave = () => void request.destroy(new Error("The client has left."));
    const conclude = (opened: Opened | Lost) => {
      clearTimeout(timer);
      client.off("close", leave);
      resolve(opened);
    };
    client.once("close", leave);
    request.on("error", (error) => conclude({ kind: "lost", request, error }));
    request.once("upgrade", (response, socket, head) =>
      conclude({ kind: "connected", socket, head, response }),
    );
    request.once("response", (response) => {
      const moment = { nowMs: now(), isAfterRefresh };
      void refusalOf(response, limits.firstEventMs, moment).then((refusal) => conclude(refusal));
    });
    request.end();
  });
}

async function refusalOf(
  response: IncomingMessage,
  withinMs: number,
  { nowMs, isAfterRefresh }: { nowMs: number; isAfterRefresh: boolean },
): Promise<Opened> {
  const { bytes } = await readStart(response, withinMs);
  if (!response.complete) response.destroy();
  const { statusCode: status = 0, headers } = response;
  const body = bytes.toString();
  return {
    kind: "failed",
    failure: classifyFailure({ status, headers, body }, nowMs, { isAfterRefresh }),
  };
}

function without(headers: readonly string[], name: string): string[] {
  return headers.filter((_, at) => headers[at - (at % 2)]?.toLowerCase() !== name);
}
