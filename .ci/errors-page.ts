import { apiErrors } from "../src/errors/catalog.ts";
import { commandErrors } from "../src/errors/command-errors.ts";
import { table } from "./markdown-table.ts";
import type { Fault } from "../src/errors/catalog.ts";

const actors: Readonly<Record<Fault, string>> = {
  user: "you",
  environment: "the machine",
  upstream: "OpenAI",
  bug: "codex-auth",
};

/** docs/errors.md: every code of the catalog. Written by `npm run docs`; a test compares. */
export function errorsPage(): string {
  const api = Object.entries(apiErrors).map(([code, row]) => [
    `\`${code}\``,
    `\`${row.type}\``,
    row.statuses.join(", "),
    row.meaning,
    actors[row.fault],
    yesNo(row.retry),
    row.hint,
  ]);
  const command = Object.entries(commandErrors).map(([code, row]) => [
    `\`${code}\``,
    row.meaning,
    actors[row.fault],
    yesNo(row.retry),
    row.hint,
  ]);
  return `${[
    "# Errors",
    "Codes are permanent: their wording may improve, a code never changes its meaning. This page is written from `src/errors` by `npm run docs`.",
    "## Errors of the API",
    'The rotation proxy and the helpers answer with the error envelope of OpenAI\'s API: `{"error":{"message","type","code",…}}`. `message`, `type` and `code` are always there; `param` (dot notation, `input.0.content`), `plan_type`, `resets_at` (integer unix seconds) and `resets_in_seconds` when known. Inside a stream the same object travels in an `error` or `response.failed` event, and over WebSocket in a frame `{"type":"error","status":N,"error":{…}}`. Codes of OpenAI that are not listed here are passed on as they came.',
    table(["code", "type", "status", "meaning", "who acts", "retry helps", "hint"], api),
    "A pool that is exhausted also says `reason` (`rate-limit`, `server-error`, `network-error`, `auth-failure`, `deactivated`, `reserved`, `no-account`), `retry_after_ms` and `account_skip_reasons`. It answers 429 when the reason is a limit, else 503. There is never a `Retry-After` header, because Codex obeys it without bound. Codex itself, which retries a 503 thirty times, gets 400 with one line of text when only a new login helps.",
    "## Errors of commands",
    "A command that fails exits with 1 and says on stderr what happened, why, and what to type next. With `--json` the same stands on stdout as `error: { code, message, hint?, candidates? }`.",
    table(["code", "meaning", "who acts", "retry helps", "hint"], command),
  ].join("\n\n")}\n`;
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
