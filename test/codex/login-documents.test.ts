import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAuthJson } from "../../src/codex/auth-json.ts";
import { salvageLogin } from "../../src/codex/login-documents.ts";
import { forgeAuthJson } from "../support/forge.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const issuedAt = nowMs / 1000 - 3600;
const document = forgeAuthJson({ issuedAt });
const text = JSON.stringify(document, null, 2);

test("cut off anywhere, it is the login or nothing: never half a token", () => {
  const { refresh_token } = document.tokens;
  const end = text.indexOf(refresh_token) + `${refresh_token}"`.length;
  for (let length = 0; length <= text.length; length += 1) {
    const login = salvageLogin(text.slice(0, length), nowMs);
    expect(login !== null, `cut at ${length}`).toBe(length >= end);
    if (login === null) continue;
    expect(login.document["tokens"]).toMatchObject({
      id_token: document.tokens.id_token,
      access_token: document.tokens.access_token,
      refresh_token: document.tokens.refresh_token,
    });
    expect(readAuthJson(JSON.stringify(login.document)).kind).toBe("login");
    expect(login.lastRefresh).toBe(new Date(issuedAt * 1000).toISOString());
  }
});

const tokens = { ...document.tokens };
const repairable: [string, object][] = [
  ["last_refresh a number", { ...document, last_refresh: 5 }],
  ["last_refresh no time", { ...document, last_refresh: "yesterday" }],
  ["auth_mode unknown", { ...document, auth_mode: "ChatGPT" }],
  ["auth_mode a number", { ...document, auth_mode: 1 }],
  ["the key an object", { ...document, OPENAI_API_KEY: {} }],
  ["account_id a number", { ...document, tokens: { ...tokens, account_id: 7 } }],
  ["provenance a text", { ...document, tokens: { ...tokens, oauth_provenance: "x" } }],
];

test.each(repairable)("%s: the wrong field is left out, what Codex does not know is kept", (_, wrong) => {
  const login = salvageLogin(JSON.stringify({ ...wrong, later: { version: 2 } }), nowMs);
  expect(login).toMatchObject({ refreshToken: tokens.refresh_token, kind: "chatgpt" });
  expect(login?.document).toMatchObject({ later: { version: 2 } });
  expect(readAuthJson(JSON.stringify(login?.document)).kind).toBe("login");
});

const hopeless: [string, string][] = [
  ["nothing", ""],
  ["an empty object", "{}"],
  ["a list", "[]"],
  ["no refresh token", JSON.stringify({ ...document, tokens: { ...tokens, refresh_token: undefined } })],
  [
    "an access token that is a number",
    JSON.stringify({ ...document, tokens: { ...tokens, access_token: 1 } }),
  ],
  ["an id token that is no JWT", JSON.stringify({ ...document, tokens: { ...tokens, id_token: "x" } })],
  ["zeros", "\u0000".repeat(4096)],
];

test.each(hopeless)("%s is no login", (_, wrong) => {
  expect(salvageLogin(wrong, nowMs)).toBe(null);
});

test("a torn key is a login only when it is whole", () => {
  const key = JSON.stringify({ auth_mode: "apikey", OPENAI_API_KEY: "sk-forged-0123", tokens: null });
  expect(salvageLogin(key.slice(0, -3), nowMs)).toMatchObject({
    kind: "apiKey",
    accessToken: "sk-forged-0123",
  });
  expect(salvageLogin(key.slice(0, key.indexOf("0123")), nowMs)).toBe(null);
});

test("no text makes it throw, and what it finds Codex can read", () => {
  const bytes = fc.array(fc.tuple(fc.nat(text.length - 1), fc.string({ maxLength: 3 })), { maxLength: 6 });
  fc.assert(
    fc.property(bytes, (edits) => {
      let damaged = text;
      for (const [at, put] of edits) damaged = damaged.slice(0, at) + put + damaged.slice(at + 1);
      const login = salvageLogin(damaged, nowMs);
      return login === null || readAuthJson(JSON.stringify(login.document)).kind === "login";
    }),
    { numRuns: 500 },
  );
});
