import { apiErrors, type Fault } from "../src/errors/api-errors.ts";
import { commandErrors } from "../src/errors/command-errors.ts";
import { consequences, finalCodes, type NextStep, seenVersions } from "../src/errors/failure-rules.ts";
import { table } from "./markdown-table.ts";

const actors: Readonly<Record<Fault, string>> = {
  user: "you",
  environment: "the machine",
  upstream: "OpenAI",
  bug: "codex-auth",
};

const steps: Readonly<Partial<Record<NextStep, string>>> = {
  surface: "it is shown as it came; no other account is asked",
  rotate: "the next account is asked",
  retry: "the next account is asked",
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
  const final = Object.entries(finalCodes).map(([code, { kind, since }]) => [
    `\`${code}\``,
    since,
    steps[consequences[kind].next] ?? "",
  ]);
  return `${[
    "# Errors",
    "Codes are permanent: their wording may improve, a code never changes its meaning. This page is written from `src/errors` by `npm run docs`.",
    "## Errors of the API",
    'The rotation proxy and the helpers answer with the error envelope of OpenAI\'s API: `{"error":{"message","type","code",…}}`. `message`, `type` and `code` are always there; `param` (dot notation, `input.0.content`), `plan_type`, `resets_at` (integer unix seconds) and `resets_in_seconds` when known. Inside a stream the same object travels in an `error` or `response.failed` event, and over WebSocket in a frame `{"type":"error","status":N,"error":{…}}`. Codes of OpenAI that are not listed here are passed on as they came.',
    table(["code", "type", "status", "meaning", "who acts", "retry helps", "hint"], api),
    "A pool that is exhausted also says `reason` (`rate-limit`, `server-error`, `network-error`, `auth-failure`, `deactivated`, `reserved`, `no-account`), `retry_after_ms` (null where nothing comes back by itself), `hint` and `account_skip_reasons`. It answers 429 when the reason is a limit, else 503 with the type `server_error`. There is never a `Retry-After` header, because Codex obeys it without bound. Codex itself, which retries a 503 thirty times, gets 400 with one line of text when only a new login helps.",
    "## Refusals inside a stream",
    `OpenAI refuses a turn inside its stream, with \`response.failed\` and a code. These codes end the turn in Codex itself after one request; that was seen with Codex ${seenVersions.join(", ")}. The rotation proxy asks no other account for what was refused because of the request, and shows the refusal. Other codes that speak of a policy, of safety or of moderation count as such a refusal too. A code that nobody knows, an unknown 4xx, and a 4xx that names the account or its workspace are tried on one more account; then they are shown as they came.`,
    table(["code", "final since Codex", "in the proxy"], final),
    "## Errors of commands",
    "A command that fails exits with 1 and says on stderr what happened, why, and what to type next. With `--json` the same stands on stdout as `error: { code, message, hint?, candidates? }`.",
    table(["code", "meaning", "who acts", "retry helps", "hint"], command),
  ].join("\n\n")}\n`;
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
