import type { IncomingHttpHeaders } from "node:http";
import { isCodexClient } from "../errors/proxy-answer.ts";
import { bodyBytes } from "./body.ts";
import type { Body } from "./body.ts";
import { topLevelFields } from "./json-fields.ts";

/** What is known of a request beside its bytes. */
export interface RequestFacts {
  readonly isCodex: boolean;
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
 * go off here, and the bytes stay as they are. Only a plain JSON body is looked into.
 */
export function requestFacts(headers: IncomingHttpHeaders, body: Body | null): RequestFacts {
  const threadId = headerId(headers, "thread-id") ?? headerId(headers, "conversation_id");
  const sessionId = headerId(headers, "session-id") ?? headerId(headers, "session_id");
  const fields = bodyFields(headers, body);
  return {
    isCodex: isCodexClient({
      "user-agent": headers["user-agent"],
      originator: headerId(headers, "originator") ?? "",
    }),
    conversation: threadId ?? sessionId ?? id(fields?.get("prompt_cache_key")),
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
