import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createCodexHeaders } from "../../src/compat/codex-headers.ts";
import { callLoosely } from "../support/call-loosely.ts";

const names = ["conversation_id", "session_id", "session-id", "thread-id"];

test("the backend gets its token, its account and what it expects", () => {
  expect(Object.fromEntries(createCodexHeaders(undefined, "acct-1", "tok"))).toEqual({
    authorization: "Bearer tok",
    "chatgpt-account-id": "acct-1",
    accept: "text/event-stream",
    originator: "codex_cli_rs",
    "openai-beta": "responses=experimental",
  });
});

test("an API key of the caller is removed, his other headers stay", () => {
  const init = { headers: { "X-Api-Key": "sk-1", Authorization: "Bearer old", "x-mine": "1" } };
  const headers = createCodexHeaders(init, "acct-1", "tok");
  expect([headers.get("x-api-key"), headers.get("authorization"), headers.get("x-mine")]).toEqual([
    null,
    "Bearer tok",
    "1",
  ]);
});

// codex-multi-auth overwrites all three.
test("differs from codex-multi-auth: accept, originator and OpenAI-Beta of the caller stay", () => {
  const given = { accept: "application/json", originator: "mine", "openai-beta": "x=1" };
  const headers = createCodexHeaders({ headers: given }, "acct-1", "tok");
  expect(Object.fromEntries(headers)).toMatchObject(given);
});

// codex-multi-auth knows the names with an underscore only.
test("differs from codex-multi-auth: a prompt cache key sets the names of Codex 0.169 too", () => {
  const headers = createCodexHeaders(undefined, "acct-1", "tok", {
    model: "gpt-5.5",
    promptCacheKey: "thread-9",
  });
  expect(names.map((name) => headers.get(name))).toEqual(names.map(() => "thread-9"));
});

test.each([[undefined], [{}], [{ promptCacheKey: "" }]])(
  "with opts %j all four names are removed",
  (opts) => {
    const headers = new Headers(names.map((name): [string, string] => [name, "stale"]));
    const made = createCodexHeaders({ headers }, "acct-1", "tok", opts);
    expect(names.filter((name) => made.has(name))).toEqual([]);
    expect(headers.get("session_id")).toBe("stale");
  },
);

test("both call forms give the same, for any arguments", () => {
  const ascii = fc.stringMatching(/^[\w.-]+$/);
  const params = fc.record(
    {
      init: fc.record(
        { headers: fc.dictionary(ascii, ascii, { noNullPrototype: true }) },
        { noNullPrototype: true },
      ),
      accountId: ascii,
      accessToken: ascii,
      opts: fc.record(
        { model: ascii, promptCacheKey: fc.oneof(ascii, fc.constant("")) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ["accountId", "accessToken"], noNullPrototype: true },
  );
  fc.assert(
    fc.property(params, (given) => {
      const { init, accountId, accessToken, opts } = given;
      expect([...createCodexHeaders(init, accountId, accessToken, opts)]).toEqual([
        ...createCodexHeaders(given),
      ]);
    }),
  );
});

test.each([
  [[]],
  [[undefined, "acct-1"]],
  [[undefined, "", "tok"]],
  [[undefined, "acct-1", ""]],
  [[undefined, 5, "tok"]],
  [[{ accountId: "acct-1" }]],
  [[{ headers: {}, accountId: "acct-1", accessToken: "tok" }]],
])("%j is a wrong call", (args) => {
  expect(() => callLoosely(createCodexHeaders, args)).toThrow(
    new TypeError("createCodexHeaders requires accountId and accessToken"),
  );
});

test.each([
  [[null, "acct-1", "tok"], "init"],
  [["init", "acct-1", "tok"], "init"],
  [[{ init: null, accountId: "acct-1", accessToken: "tok" }], "init"],
  [[undefined, "acct-1", "tok", null], "opts"],
  [[undefined, "acct-1", "tok", { promptCacheKey: 5 }], "opts"],
])("what is wrong in %j is named, and not what is right", (args, name) => {
  expect(() => callLoosely(createCodexHeaders, args)).toThrow(
    new TypeError(`createCodexHeaders requires a valid ${name}`),
  );
});

test("a token that cannot be a header is never quoted", () => {
  const secret = "secret-token";
  for (const args of [
    [undefined, "acct-1", `${secret}\n`],
    [{ headers: { a: `${secret}\n\u0100` } }, "acct-1", "tok"],
  ]) {
    expect(() => callLoosely(createCodexHeaders, args)).toThrow(
      /^createCodexHeaders requires (?!.*secret-token)/,
    );
  }
});
