import { expect, test } from "vitest";
import { classifyFailure } from "../../../src/errors/classify.ts";
import {
  isCodexClient,
  type PoolReason,
  proxyAnswer,
  type ProxySituation,
} from "../../../src/proxy/answers/refusals.ts";

const nowMs = 1_795_219_200_000;
const codex = { isCodex: true, nowMs };
const other = { isCodex: false, nowMs };
const exhausted: ProxySituation = {
  kind: "pool-exhausted",
  reason: "rate-limit",
  resetsAtMs: nowMs + 7_200_500,
  planType: "plus",
  accountSkipReasons: { a1: "limit reached", a2: "paused" },
};

test("an exhausted pool is 429 usage_limit_reached with integer times, and no Retry-After", () => {
  const { status, headers, body } = proxyAnswer(exhausted, codex);
  expect(status).toBe(429);
  expect(headers).toEqual({
    "content-type": "application/json",
    "x-codex-promo-message": "Run: codex auth rotation status",
  });
  expect(JSON.parse(body)).toEqual({
    error: {
      message: "No managed account can serve this request now (rate-limit).",
      type: "usage_limit_reached",
      code: "codex_runtime_rotation_pool_exhausted",
      plan_type: "plus",
      resets_at: 1795226401,
      resets_in_seconds: 7201,
      reason: "rate-limit",
      retry_after_ms: 7_200_500,
      account_skip_reasons: { a1: "limit reached", a2: "paused" },
      hint: "Run: codex auth rotation status",
    },
  });
});

test.each<[PoolReason, number, number]>([
  ["rate-limit", 429, 429],
  ["reserved", 429, 429],
  ["server-error", 503, 503],
  ["network-error", 503, 503],
  ["auth-failure", 503, 400],
  ["deactivated", 503, 400],
  ["no-account", 503, 400],
])("a pool exhausted by %s is %i for an API client and %i for Codex", (reason, forClients, forCodex) => {
  const situation: ProxySituation = { kind: "pool-exhausted", reason };
  expect(proxyAnswer(situation, other).status).toBe(forClients);
  expect(proxyAnswer(situation, codex).status).toBe(forCodex);
  expect(proxyAnswer(situation, other).body).toContain(`"reason":"${reason}"`);
});

test("no account is 503 no_accounts for clients and one line of text for Codex", () => {
  const forClients = proxyAnswer({ kind: "no-account" }, other);
  const forCodex = proxyAnswer({ kind: "no-account" }, codex);
  expect([forClients.status, forCodex.status]).toEqual([503, 400]);
  const { error } = JSON.parse(forClients.body);
  expect(error).toMatchObject({ type: "server_error", code: "no_accounts", message: forCodex.body });
  expect(forCodex.headers["content-type"]).toBe("text/plain; charset=utf-8");
  expect(forCodex.body).toContain("codex auth login");
});

test("an unavailable pin says where the pin came from and when it ends", () => {
  const situation: ProxySituation = { ...exhausted, kind: "pin-unavailable", pinSource: "--account work" };
  const { status, body } = proxyAnswer(situation, codex);
  expect(status).toBe(429);
  expect(JSON.parse(body).error).toMatchObject({
    type: "usage_limit_reached",
    code: "codex_pinned_account_unavailable",
    pin_source: "--account work",
    reset_at: 1795226401,
    resets_at: 1795226401,
  });
});

test.each<
  [
    ProxySituation["kind"] &
      ("unauthorized" | "not-found" | "payload-too-large" | "failed-before-forwarding"),
    number,
    string,
  ]
>([
  ["unauthorized", 401, "runtime_rotation_proxy_unauthorized"],
  ["not-found", 404, "runtime_rotation_proxy_not_found"],
  ["payload-too-large", 413, "runtime_rotation_proxy_payload_too_large"],
  ["failed-before-forwarding", 500, "codex_runtime_rotation_proxy_error"],
])("%s is %i %s", (kind, status, code) => {
  const answer = proxyAnswer({ kind }, other);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body).error.code).toBe(code);
});

test("a WebSocket upgrade that is not served is 426", () => {
  expect(proxyAnswer({ kind: "websocket-not-served" }, codex).status).toBe(426);
});

test("an upstream 401 is never for the client: refresh, then another account", () => {
  const failure = { status: 401, body: "Unauthorized" };
  expect(classifyFailure(failure, nowMs).next).toBe("refresh");
  expect(classifyFailure(failure, nowMs, { isAfterRefresh: true }).next).toBe("rotate");
});

test("no answer has a Retry-After", () => {
  const kinds: ProxySituation[] = [exhausted, { kind: "no-account" }, { kind: "failed-before-forwarding" }];
  for (const situation of kinds) {
    expect(Object.keys(proxyAnswer(situation, other).headers)).not.toContain("retry-after");
  }
});

test("a reset in the past is no negative wait", () => {
  const { body } = proxyAnswer(
    { kind: "pool-exhausted", reason: "rate-limit", resetsAtMs: nowMs - 5000 },
    codex,
  );
  expect(JSON.parse(body).error).toMatchObject({ retry_after_ms: 0, resets_in_seconds: 0 });
});

test.each([
  [{ "User-Agent": "codex_exec/0.169.0 (Debian 12.0.0; x86_64)" }, true],
  [{ originator: "codex_cli_rs" }, true],
  [{ originator: "Codex Desktop" }, true],
  [{ "user-agent": "openai-python/2.0" }, false],
  [{}, false],
])("%j: Codex itself is %s", (headers, expected) => {
  expect(isCodexClient(headers)).toBe(expected);
});
