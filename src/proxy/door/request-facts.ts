import type { IncomingHttpHeaders } from "node:http";
import { isCodexClient } from "../answers/refusals.ts";
import { field } from "../../text/json.ts";

/** What is known of a request beside its bytes. */
export interface RequestFacts {
  readonly isCodex: boolean;
  /** Whose request it is, where several clients share the accounts; null: there is one. */
  readonly client: string | null;
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

/** `fields`: the body, as far as it was looked into. Two clients that name their conversations alike share nothing. */
export function requestFacts(
  headers: IncomingHttpHeaders,
  fields: object,
  client: string | null = null,
): RequestFacts {
  const threadId = headerId(headers, "thread-id") ?? headerId(headers, "conversation_id");
  const sessionId = headerId(headers, "session-id") ?? headerId(headers, "session_id");
  const conversation = threadId ?? sessionId ?? id(field(fields, "prompt_cache_key"));
  return {
    client,
    isCodex: isCodexClient({
      "user-agent": headers["user-agent"],
      originator: headerId(headers, "originator") ?? "",
    }),
    conversation: conversation === null ? null : ofClient({ client }, conversation),
    sessionIds: [...new Set([threadId, sessionId])].filter((each) => each !== null),
    model: routedModel(headers) ?? id(field(fields, "model")),
    turnId: /"turn_id"\s*:\s*"([^"\\]{1,128})"/.exec(text(headers, "x-codex-turn-metadata"))?.[1] ?? null,
    turnState: text(headers, "x-codex-turn-state") || null,
    previousResponseId: id(field(fields, "previous_response_id")),
  };
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

/** Under which name something is remembered: what one client was given, or calls its own, is nothing to another. */
export function ofClient({ client }: Pick<RequestFacts, "client">, name: string): string {
  return client === null ? name : `${client}/${name}`;
}
