import { describe, expect, test } from "vitest";
import { type AuthReading, readAuthJson } from "../../src/codex/auth-json.ts";
import { forgeAuthJson, forgeJwt, forgeTokens } from "../support/forge.ts";

const tokens = forgeTokens({ email: "a@example.com", accountId: "acct-1", userId: "user-1" });
const chatgpt = forgeAuthJson({ accountId: "acct-1", userId: "user-1" });

function read(document: unknown): AuthReading {
  return readAuthJson(typeof document === "string" ? document : JSON.stringify(document));
}

function withTokens(changes: object): object {
  return { ...chatgpt, tokens: { ...tokens, ...changes } };
}

/** The forms that the real Codex 0.169.0 was tried with, and what they are to us. */
describe("files that Codex takes for a login", () => {
  const seat = { kind: "seat", userId: "user-1", accountId: "acct-1" };
  test.each<[string, unknown, object]>([
    ["a ChatGPT login", chatgpt, { kind: "chatgpt", identity: seat, email: "a@example.com", plan: "plus" }],
    ["no auth_mode", { tokens, last_refresh: chatgpt.last_refresh }, { kind: "chatgpt", identity: seat }],
    ["auth_mode null", { ...chatgpt, auth_mode: null }, { kind: "chatgpt", identity: seat }],
    [
      "a lease",
      { ...withTokens({ refresh_token: "" }), auth_mode: "chatgptAuthTokens" },
      { kind: "chatgpt", refreshToken: "" },
    ],
    ["no last_refresh", { auth_mode: "chatgpt", tokens }, { kind: "chatgpt", lastRefresh: null }],
    ["no account_id", withTokens({ account_id: undefined }), { identity: seat }],
    ["an account_id of another seat", withTokens({ account_id: "acct-9" }), { identity: seat }],
    [
      "key and tokens, auth_mode chatgpt",
      { ...chatgpt, OPENAI_API_KEY: "sk-1" },
      { kind: "chatgpt", identity: seat },
    ],
    [
      "key and tokens, no auth_mode",
      { OPENAI_API_KEY: "sk-1", tokens },
      { kind: "apiKey", identity: { kind: "secret", secret: "sk-1" } },
    ],
    ["an API key alone", { OPENAI_API_KEY: "sk-1" }, { kind: "apiKey", email: null, refreshToken: "" }],
    ["auth_mode apikey", { auth_mode: "apikey", OPENAI_API_KEY: "sk-1" }, { kind: "apiKey" }],
    [
      "a personal access token",
      { OPENAI_API_KEY: null, personal_access_token: "at-1" },
      { kind: "accessToken", identity: { kind: "secret", secret: "at-1" } },
    ],
    [
      "an agent identity",
      { auth_mode: "agentIdentity", agent_identity: { id: 1 } },
      { kind: "agentIdentity" },
    ],
    ["a Bedrock key", { auth_mode: "bedrockApiKey", bedrock_api_key: { key: "k" } }, { kind: "bedrock" }],
    [
      "Bedrock access keys",
      { auth_mode: "bedrockAccessKeys", bedrock_access_keys: { id: "k" } },
      { kind: "bedrock" },
    ],
    ["headers", { auth_mode: "headers", headers: { a: "b" } }, { kind: "headers" }],
    [
      "unsigned id_token without claims",
      withTokens({ id_token: forgeJwt({}), access_token: "opaque" }),
      { kind: "chatgpt", email: null, plan: null, expiresAtSec: null },
    ],
    ["unknown keys", { ...chatgpt, someday: [1] }, { document: { ...chatgpt, someday: [1] } }],
  ])("%s", (_, document, expected) => {
    expect(read(document)).toMatchObject({ kind: "login", login: expected });
  });
});

describe("files that Codex refuses", () => {
  test.each<[string, unknown, string]>([
    ["empty", "", "the file is empty"],
    ["white space", " \n", "the file is empty"],
    ["torn", JSON.stringify(chatgpt).slice(0, 200), "it is not complete JSON"],
    ["a list", "[]", "it holds no JSON object"],
    ["unknown auth_mode", { ...chatgpt, auth_mode: "apiKey" }, "auth_mode is not one that Codex knows"],
    ["auth_mode of a wrong type", { ...chatgpt, auth_mode: 1 }, "auth_mode is not a string"],
    ["apikey without a key", { auth_mode: "apikey", OPENAI_API_KEY: null }, "OPENAI_API_KEY is empty"],
    ["key of a wrong type", { OPENAI_API_KEY: 5 }, "OPENAI_API_KEY is not a string"],
    ["tokens of a wrong type", { ...chatgpt, tokens: "x" }, "tokens is not an object"],
    ["id_token missing", withTokens({ id_token: undefined }), "tokens.id_token is missing"],
    ["id_token empty", withTokens({ id_token: "" }), "tokens.id_token is not a JWT"],
    ["id_token with two parts", withTokens({ id_token: "a.b" }), "tokens.id_token is not a JWT"],
    [
      "id_token with an empty signature",
      withTokens({ id_token: forgeJwt({}).replace(/[^.]+$/, "") }),
      "tokens.id_token is not a JWT",
    ],
    ["id_token that is no JSON", withTokens({ id_token: "a.!!.c" }), "tokens.id_token is not a JWT"],
    [
      "e-mail a number",
      withTokens({ id_token: forgeJwt({ email: 5 }) }),
      "the e-mail is not a string in tokens.id_token",
    ],
    ["access_token missing", withTokens({ access_token: undefined }), "tokens.access_token is missing"],
    ["refresh_token missing", withTokens({ refresh_token: undefined }), "tokens.refresh_token is missing"],
    ["account_id a number", withTokens({ account_id: 7 }), "tokens.account_id is not a string"],
    [
      "account_id claim a number",
      withTokens({ id_token: forgeJwt({ "https://api.openai.com/auth": { chatgpt_account_id: 7 } }) }),
      "chatgpt_account_id is not a string",
    ],
    [
      "auth claim a list",
      withTokens({ id_token: forgeJwt({ "https://api.openai.com/auth": [] }) }),
      "is not an object",
    ],
    [
      "oauth_provenance a string",
      withTokens({ oauth_provenance: "x" }),
      "tokens.oauth_provenance is not an object",
    ],
    ["login_owner_id a number", withTokens({ login_owner_id: 1 }), "tokens.login_owner_id is not a string"],
    [
      "last_refresh without a zone",
      { ...chatgpt, last_refresh: "2026-11-20T12:00:00" },
      "last_refresh is not an RFC 3339 time",
    ],
    [
      "last_refresh on 30 February",
      { ...chatgpt, last_refresh: "2026-02-30T12:00:00Z" },
      "last_refresh is not an RFC 3339 time",
    ],
    ["a byte order mark", `\uFEFF${JSON.stringify(chatgpt)}`, "it begins with a byte order mark"],
    ["nested too deeply", `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, "it is nested too deeply"],
    // An API key under auth_mode chatgpt was once called blank, and a switch then overwrote it.
    [
      "a key that its auth_mode does not use",
      { auth_mode: "chatgpt", OPENAI_API_KEY: "sk-precious" },
      "but other values",
    ],
    ["a secret of an unknown kind", { auth_mode: "headers", http_headers: { a: "b" } }, "but other values"],
    ["last_refresh a number", { ...chatgpt, last_refresh: 5 }, "last_refresh is not an RFC 3339 time"],
    [
      "last_refresh some text",
      { ...chatgpt, last_refresh: "yesterday" },
      "last_refresh is not an RFC 3339 time",
    ],
  ])("%s", (_, document, problem) => {
    expect(read(document)).toEqual({ kind: "broken", problem: expect.stringContaining(problem) });
  });
});

describe("files that Codex calls logged in, but that hold no credentials", () => {
  test.each<[string, unknown]>([
    ["{}", {}],
    ["auth_mode alone", { auth_mode: "chatgpt" }],
    ["tokens null", { auth_mode: "chatgpt", tokens: null }],
    ["agent identity without one", { auth_mode: "agentIdentity" }],
  ])("%s", (_, document) => {
    expect(read(document)).toEqual({ kind: "blank" });
  });
});

test("tokens that name two seats belong to neither: the login is only equal to itself", () => {
  const other = forgeTokens({ accountId: "acct-2", userId: "user-2", refreshToken: "rt-mixed" });
  const reading = read(withTokens({ access_token: other.access_token, refresh_token: "rt-mixed" }));
  expect(reading).toMatchObject({ login: { identity: { kind: "secret", secret: "rt-mixed" } } });
});

test("a claim that no calendar holds counts as not there", () => {
  const reading = read(withTokens({ access_token: forgeJwt({ exp: 1e15, iat: -5 }) }));
  expect(reading).toMatchObject({ kind: "login", login: { expiresAtSec: null, issuedAtSec: null } });
});

test("nanoseconds in last_refresh are accepted, as Codex writes them", () => {
  const reading = read({ ...chatgpt, last_refresh: "2026-11-20T12:35:02.940826953Z" });
  expect(reading).toMatchObject({ kind: "login" });
});
