import { readFileSync } from "node:fs";

/** The text in a program: every run of at least six printable characters, each once. */
export function textsIn(program: string): string[] {
  const bytes = readFileSync(program).toString("latin1");
  return [...new Set([...bytes.matchAll(/[\x20-\x7e]{6,}/g)].map(([text]) => text))];
}

const roots = [
  "wham",
  "api/codex",
  "api/accounts",
  "codex/analytics-events",
  "ps",
  "oauth",
  "deviceauth",
  "v1",
  "alpha",
  "images",
  "realtime",
].join("|");
const route = new RegExp(`/(?:${roots})(?:/[a-z0-9_-]+)+/?(?![\\w/.-])`, "g");

/** Paths below the addresses that Codex talks to. Where a text runs into the next one, the shorter path is taken. */
export function routesIn(texts: readonly string[]): string[] {
  const found = texts.flatMap((text) => [...text.matchAll(route)].map(([path]) => path.replace(/\/$/, "")));
  const paths = new Set(found.filter((path) => !/http|.\/(?:oauth|wham|api)\b/.test(path)));
  const isRunOn = (path: string) =>
    [...paths].some((each) => path.startsWith(each) && /^[a-z0-9]/.test(path.slice(each.length)));
  return [...paths].filter((path) => !isRunOn(path)).sort();
}

/** Seen in the list of 0.171; a new one shows as letters between two of them. */
const seenCodes = `bio_policy connection_failed content_policy_violation cyber_policy flex_unavailable
  inference_hook_denied internal_agent_died internal_server_error invalid_image_request invalid_prompt
  invalid_request landlock_sandbox_executable_not_provided misalignment_policy_violation model_not_found
  policy_capacity_unavailable quota_exceeded rate_limit_exceeded response_stream_failed retry_limit server_overloaded
  session_budget_exceeded tool_collision unexpected_status usage_limit_reached usage_not_included`.split(
  /\s+/,
);

/** The names that Codex has for what went wrong: one text in the program lists them without a gap. */
export function errorCodesIn(texts: readonly string[], errorInfo: readonly string[]): string[] {
  const codes = new Set([...seenCodes, ...errorInfo.map(asCode)]);
  const list = texts
    .flatMap((text) => text.match(/[a-z_]{100,}/g) ?? [])
    .find((text) => ["usage_limit_reached", "internal_server_error"].every((each) => text.includes(each)));
  const pattern = new RegExp([...codes].sort((a, b) => b.length - a.length).join("|"), "g");
  const found = list?.match(pattern) ?? [];
  const between = (list ?? "").split(pattern).filter((each) => each !== "");
  return [...new Set([...found, ...between])].sort();
}

/** contextWindowExceeded, as the program itself spells it. */
function asCode(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
