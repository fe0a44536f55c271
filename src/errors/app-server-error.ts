import { defined, field, parseJson, textField } from "../text/json.ts";
import { type CodexErrorInfo, parseCodexErrorInfo } from "./codex-error-info.ts";

/** One failure that Codex's app-server reported, whatever its version. */
export interface AppServerError {
  /** The notification that carried it. */
  readonly method: "error" | "turn/completed" | "codex/event/error" | "codex/event/stream_error";
  readonly protocol: 1 | 2;
  readonly message: string;
  /** `other` when the event names no variant. */
  readonly codexErrorInfo: CodexErrorInfo;
  /** True while Codex tries again by itself; false when the turn has ended. */
  readonly willRetry: boolean;
  readonly additionalDetails?: string | undefined;
  readonly threadId?: string | undefined;
  readonly turnId?: string | undefined;
}

/**
 * Reads a JSON-RPC notification (value or line) of `codex app-server`: `error` and `turn/completed` of protocol
 * v2, `codex/event/error` and `codex/event/stream_error` of v1. Undefined for every other event, and for a turn
 * that did not fail. Codex 0.63 says nowhere whether it retries; there the notice "Reconnecting... 1/5" tells.
 */
export function parseAppServerError(event: unknown): AppServerError | undefined {
  const value = typeof event === "string" ? parseJson(event) : event;
  const params = field(value, "params");
  switch (field(value, "method")) {
    case "error":
      return fromError(params);
    case "turn/completed":
      return fromTurn(params);
    case "codex/event/error":
      return fromV1("codex/event/error", params);
    case "codex/event/stream_error":
      return fromV1("codex/event/stream_error", params);
    default:
      return undefined;
  }
}

function fromError(params: unknown): AppServerError | undefined {
  const error = field(params, "error");
  const message = textOf(error, "message");
  if (message === undefined) return undefined;
  const said = field(params, "willRetry");
  return defined<AppServerError>({
    method: "error",
    protocol: 2,
    message,
    codexErrorInfo: infoOf(field(error, "codexErrorInfo")),
    willRetry: typeof said === "boolean" ? said : isReconnecting(message),
    additionalDetails: textField(error, "additionalDetails"),
    threadId: textField(params, "threadId"),
    turnId: textField(params, "turnId"),
  });
}

function fromTurn(params: unknown): AppServerError | undefined {
  const turn = field(params, "turn");
  const error = field(turn, "error");
  const message = textOf(error, "message");
  if (field(turn, "status") !== "failed" || message === undefined) return undefined;
  return defined<AppServerError>({
    method: "turn/completed",
    protocol: 2,
    message,
    codexErrorInfo: infoOf(field(error, "codexErrorInfo")),
    willRetry: false,
    additionalDetails: textField(error, "additionalDetails"),
    threadId: textField(params, "threadId"),
    turnId: textField(turn, "id"),
  });
}

function fromV1(
  method: "codex/event/error" | "codex/event/stream_error",
  params: unknown,
): AppServerError | undefined {
  const notice = field(params, "msg");
  const message = textOf(notice, "message");
  if (message === undefined) return undefined;
  return defined<AppServerError>({
    method,
    protocol: 1,
    message,
    codexErrorInfo: infoOf(field(notice, "codex_error_info")),
    willRetry: method === "codex/event/stream_error",
    threadId: textField(params, "conversationId"),
    turnId: textField(params, "id"),
  });
}

function infoOf(value: unknown): CodexErrorInfo {
  return parseCodexErrorInfo(value) ?? "other";
}

function textOf(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === "string" ? found : undefined;
}

function isReconnecting(message: string): boolean {
  return /^Reconnecting\.\.\. \d/.test(message);
}
