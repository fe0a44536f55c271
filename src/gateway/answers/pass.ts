import type { FailureClassification } from "../../errors/classify.ts";
import { parseErrorEnvelope } from "../../errors/envelope.ts";
import { readUpstreamError } from "../../errors/upstream-body.ts";
import { type DeadPool, refusalAnswer } from "../../proxy/answers/no-account-answer.ts";
import type { ProxyAnswer } from "../../proxy/answers/refusals.ts";
import type { Pass, Refused } from "../../proxy/door/exchange.ts";
import { field, isRecord, parseJson, textField } from "../../text/json.ts";
import { type Booking, ticketHeaders } from "../booking.ts";
import { type Asker, type Refusal, refuse } from "../door/refusal.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import type { GatewayParts } from "../parts.ts";
import type { Visit, Wish } from "./wish.ts";

/** What rotation needs to know of a request of a key, and how its client is answered. */
export function passOf(
  parts: GatewayParts,
  visit: Visit,
  { answering, wantsDocument, model }: Wish,
  { ticket, noteFirst }: Booking,
  onDead: (code: string) => void,
): Pass {
  const { key, isCodex } = visit;
  const extra = ticketHeaders(parts, ticket);
  return {
    client: key.name,
    accounts: accountsOf(key),
    answering,
    refuse: (dead) => {
      const answer = deadAnswer(dead, { isCodex, nowMs: parts.now() });
      onDead(codeOf(answer));
      return { ...answer, headers: { ...answer.headers, ...extra } };
    },
    ...(key.policy.models && {
      refuseModel: (told) => {
        const refusal = forbiddenAnswer(key, model, told);
        if (refusal === null) return null;
        const answer = refuse(refusal, { isCodex, nowMs: parts.now() });
        onDead(answer.code);
        return { ...answer, headers: { ...answer.headers, ...extra } };
      },
    }),
    hiddenType: quotaEvent,
    surface: (refused) => {
      const isOwnForm = isCodex && visit.route !== "chat";
      const answer = surfaceAnswer(refused, wantsDocument, { isCodex: isOwnForm, nowMs: parts.now() });
      onDead(answer ? codeOf(answer) : refused.failure.envelope.error.code);
      return answer;
    },
    headers: (received) => {
      noteFirst();
      const shown = publicHeaders(received);
      for (const name in extra) shown.push(name, extra[name] ?? "");
      return shown;
    },
  };
}

/** OpenAI answers with another model than was asked for, and the key may not use that; null when it may. */
export function forbiddenAnswer({ policy }: ClientKey, asked: string, model: string): Refusal | null {
  const isFine = [asked, ...(policy.models ?? [])].some((name) => isModel(model, name));
  return policy.models === undefined || isFine ? null : { kind: "model-not-allowed", model, isAnswer: true };
}

/** A model may be told with the day of its version: `gpt-5.5-2026-04-23`. */
function isModel(told: string, name: string): boolean {
  return told === name || (told.startsWith(name) && /^-\d{4}-\d{2}-\d{2}$/.test(told.slice(name.length)));
}

/** The limits of an account are nobody's business. */
export const quotaEvent = "codex.rate_limits";

/** Ids of the accounts that may serve the key; null: all. */
export function accountsOf({ policy: { accounts } }: ClientKey): ReadonlySet<string> | null {
  return accounts === undefined ? null : new Set(accounts);
}

/** The pool cannot serve: in the codes of the gateway, whose clients know nothing of accounts. */
export function deadAnswer(dead: DeadPool, asker: Asker): ProxyAnswer {
  if (dead.kind === "refusal") return refusalAnswer(dead.failure, asker.isCodex);
  const { reason, resetsAtMs, planType, last } = dead;
  if (reason === "network-error" || (reason === "server-error" && last !== null)) {
    return failureAnswer(last, asker);
  }
  if (reason === "rate-limit" && last && (last.kind === "rateLimit" || last.kind === "slowDown")) {
    return refuse(
      { kind: "rate-limited", message: last.envelope.error.message, resetsAtMs, planType },
      asker,
    );
  }
  return refuse({ kind: "no-accounts", resetsAtMs, planType }, asker);
}

/** 503 while OpenAI is away or overloaded, else 502. */
function failureAnswer(failure: FailureClassification | null, asker: Asker): ProxyAnswer {
  const error = failure?.envelope.error;
  if (failure === null || error === undefined || isAway(failure)) {
    return refuse({ kind: "upstream-away", message: error?.message ?? "OpenAI cannot be reached." }, asker);
  }
  return refuse({ kind: "upstream-failed", error, isFinal: failure.account === "fine" }, asker);
}

function isAway({ kind, status, envelope, diagnostics }: FailureClassification): boolean {
  if (kind === "network" || kind === "overloaded" || [503, 504, 529].includes(status)) return true;
  // The connection was lost: there was no status, and nobody named a reason.
  return (
    kind === "stream" && diagnostics.httpStatus === undefined && envelope.error.code === "upstream_error"
  );
}

/**
 * What a client is shown of a refusal of OpenAI's; null: as it came. A 4xx that is the envelope stays. Other JSON with
 * a reason in it becomes the envelope, with its status; what is neither is a failure of OpenAI's, whatever its status.
 */
export function surfaceAnswer(
  { held, isEventStream, failure }: Refused,
  wantsDocument: boolean,
  asker: Asker,
): ProxyAnswer | null {
  if (asker.isCodex || (isEventStream && !wantsDocument)) return null;
  const { status, envelope } = failure;
  if (isEventStream) {
    return refuse(
      { kind: "upstream-failed", error: envelope.error, isFinal: failure.account === "fine" },
      asker,
    );
  }
  if (status >= 500 && status !== 501) return failureAnswer(failure, asker);
  const text = Buffer.concat(held).toString();
  if (parseErrorEnvelope(text) !== undefined) return null;
  const said = parseJson(text);
  const { message, code, type } = readUpstreamError(said);
  if (isRecord(said) && (message ?? code ?? type) !== undefined) {
    return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(envelope) };
  }
  const error = { message: envelope.error.message, type: "server_error", code: "upstream_error" };
  return refuse({ kind: "upstream-failed", error, isFinal: true }, asker);
}

/** A key's client sees the limits of its key, never the quota of the accounts behind it. */
export function publicHeaders(received: readonly string[]): string[] {
  const shown: string[] = [];
  for (let at = 0; at + 1 < received.length; at += 2) {
    const name = received[at] ?? "";
    if (isPublic(name.toLowerCase())) shown.push(name, received[at + 1] ?? "");
  }
  return shown;
}

function isPublic(name: string): boolean {
  if (name === "x-codex-turn-state") return true;
  return (
    !name.startsWith("x-codex-") &&
    !name.startsWith("x-ratelimit-") &&
    name !== "set-cookie" &&
    name !== "retry-after"
  );
}

export function codeOf({ body }: ProxyAnswer): string {
  try {
    return textField(field(JSON.parse(body), "error"), "code") ?? "refused";
  } catch {
    return "refused";
  }
}
