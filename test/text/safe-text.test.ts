import * as fc from "fast-check";
import { expect, test } from "vitest";
import { redact, safe, safeReport } from "../../src/text/safe-text.ts";
import { forgeTokens } from "../support/forge.ts";
import { growth } from "../support/growth.ts";

const clears = "\u001b[2J";

test("what is put into a line is escaped, and our own words and line breaks are not", () => {
  expect(safe`Using ${`ada${clears}\nActive: eve`} (${3}).\n`).toBe(
    "Using ada\\u001b[2J\\u000aActive: eve (3).\n",
  );
});

test("a report in which nothing acts on a terminal is handed on as it is", () => {
  const report = { name: "ada@personal.example", row: 1, limits: [{ label: null }] };
  expect(safeReport(report)).toBe(report);
});

test("every string of a report is escaped, at any depth, also a key", () => {
  const report = { accounts: [{ name: `a${clears}`, label: null }], fields: { [clears]: "x" } };
  expect(safeReport(report)).toEqual({
    accounts: [{ name: "a\\u001b[2J", label: null }],
    fields: { "\\u001b[2J": "x" },
  });
});

test("a line break is escaped in a name, and stays in a hint and in the output of a program", () => {
  expect(safeReport({ name: "a\nb", hint: "a\nb", steps: [{ output: `a\n${clears}` }] })).toEqual({
    name: "a\\u000ab",
    hint: "a\nb",
    steps: [{ output: "a\n\\u001b[2J" }],
  });
});

const { access_token: jwt } = forgeTokens({ issuedAt: 1_795_219_200 });

test.each([
  ["a bearer", `Authorization: Bearer ${jwt}`],
  ["a short bearer", "authorization: bearer tok-1"],
  ["basic credentials", "Authorization: Basic dXNlcjpwYXNzd29yZA=="],
  ["a JWT in a sentence", `token ${jwt} is expired`],
  ["a JWT in base64", `x ${Buffer.from(jwt).toString("base64url")}`],
  ["a refresh token in base64", `x ${Buffer.from("rt_user-1_acct-1").toString("base64")}`],
  ["a JWT in a URL", `https://x.test/?t=${encodeURIComponent(jwt)}&a=1`],
  ["an API key", "key sk-proj-abcdef1234567890 is wrong"],
  ["a refresh token", "rt_user-1_acct-1_1795219200"],
  ["a personal access token", "at-abcdefghij0123456789"],
  ["a JSON field", `{"refresh_token": "short", "x": 1}`],
  ["a form field", "grant_type=refresh_token&refresh_token=short&x=1"],
  ["a callback", "http://localhost:1455/auth/callback?code=ac_short&state=1"],
  ["a cookie", "Set-Cookie: session=short; Path=/\nnext line"],
  ["an opaque secret", `k ${"aB3".repeat(20)}`],
])("%s is redacted", (_, text) => {
  const out = redact(text);
  expect(out).toContain("[redacted]");
  for (const secret of [
    jwt,
    "tok-1",
    "dXNlcjpwYXNzd29yZA",
    "sk-proj",
    "rt_user",
    "at-abc",
    "short",
    "aB3aB3",
    "cnRfdXN",
  ]) {
    expect(out).not.toContain(secret);
  }
});

test.each([
  "unexpected status 401 Unauthorized, request id: req_0f5c2d9a7b31, code=token_expired",
  "thread 01a1fb5b-35dc-7721-9f7a-2b9f14296648 in /home/user/project/at-least-once/file.ts",
  "Basic plan, bearer of bad news",
])("%s: ids and words stay", (text) => {
  expect(redact(text).replace("bearer [redacted]", "bearer of")).toBe(text);
});

test("a marked token never comes through, wherever it stands", () => {
  const around = fc.string({ unit: fc.constantFrom(" ", '"', "'", ",", ":", "(", "\n", "é") });
  fc.assert(
    fc.property(
      around,
      around,
      fc.constantFrom(jwt, "sk-proj-abcdef1234567890", "rt_a1b2c3d4e5f6"),
      (a, b, token) => {
        expect(redact(a + token + b)).not.toContain(token);
      },
    ),
  );
});

test.each(["eyJ", "bearer ", "bearer  ", '"id_token" ', "code=", "cookie:", "aA0", "sk-", ".", "% "])(
  "100 kB of %j take time in proportion to their length",
  (unit) => {
    const measured = growth((size) => unit.repeat(Math.ceil(size / unit.length)), 100_000, redact);
    expect(measured).toBeLessThan(3);
  },
);
