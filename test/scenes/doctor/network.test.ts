import { expect, onTestFinished, test } from "vitest";
import type { Context } from "../../../src/context.ts";
import { apiOf, troubleOf } from "../../../src/openai/reach.ts";
import { websocketStatus } from "../../../src/process/network.ts";
import { FakeOpenAI } from "../../support/openai/server.ts";
import { terminal } from "../../support/fake-context.ts";
import { FaultHome } from "../../support/fault-home.ts";

interface Document {
  findings: { id: string; severity: string; message: string; evidence: string[]; fix: string | null }[];
  checks: { id: string; status: string }[];
}

async function startFake(): Promise<FakeOpenAI> {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  return fake;
}

/** What only asks: a refusal for whoever brings no token, at the clock of the tests. */
function answer(status: number, body: string, headers: Record<string, string> = {}): Response {
  const json = { "content-type": "application/json", date: "Fri, 20 Nov 2026 12:00:30 GMT" };
  return new Response(body, { status, headers: { ...json, ...headers } });
}

const refusal = () => Promise.resolve(answer(401, '{"error":{"message":"Missing bearer"}}'));

function failure(code: string): Promise<Response> {
  return Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }));
}

/** The findings of `doctor --live` on a healthy machine in such a network. */
async function live(allowed: Partial<Context>, env: Record<string, string> = {}): Promise<Document> {
  const home = new FaultHome("healthy");
  Object.assign((home.scene.env ??= {}), env);
  const { document } = await home.run("doctor --live --only network", {
    websocketStatus: () => Promise.resolve(426),
    ...allowed,
  });
  return document as Document;
}

const idsOf = ({ findings }: Document) => findings.map(({ id }) => id);

test("a refusal without credentials means that the network is fine", async () => {
  // The question about an account brings its token.
  const document = await answers((id) => listed(id));
  expect(document.findings).toEqual([]);
  expect(new Set(document.checks.map(({ status }) => status))).toEqual(new Set(["ok"]));
});

/** Every question with a token is answered well, the one for the workspace as given. */
function answers(workspaces: (id: string) => Response) {
  const usage = { plan_type: "plus", rate_limit: null };
  const fetch: Context["fetch"] = (url, init) => {
    const headers = new Headers(init?.headers);
    if (!headers.has("authorization")) return refusal();
    const id = headers.get("chatgpt-account-id") ?? "";
    const isCheck = new URL(url).pathname.endsWith("/accounts/check");
    return Promise.resolve(isCheck ? workspaces(id) : answer(200, JSON.stringify(usage)));
  };
  return live({ fetch });
}

const listed = (...ids: string[]) =>
  answer(200, JSON.stringify({ accounts: ids.map((id) => ({ id, is_deactivated: false })) }));

test.each<[string, (id: string) => Response, string]>([
  ["left out", () => listed(), "does not list the workspace"],
  ["listed twice", (id) => listed(id, id), "twice"],
  ["refused", () => answer(401, '{"detail":"Unauthorized"}'), "HTTP 401: Unauthorized"],
])("a workspace that is %s is found, although the usage endpoint answers", async (_, reply, text) => {
  const { findings } = await answers(reply);
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([
    ["workspace_unroutable", "error"],
    ["workspace_unroutable", "warning"],
  ]);
  expect(findings[0]?.message).toContain(text);
});

test.each([
  ["ENOTFOUND", "Cannot look up "],
  ["ECONNREFUSED", "refuses the connection"],
  ["UND_ERR_CONNECT_TIMEOUT", "does not answer in time"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "shows a certificate that is not trusted"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "shows a certificate that is not trusted"],
  ["CERT_HAS_EXPIRED", "shows a certificate that is not trusted"],
  ["ECONNRESET", "cuts the connection"],
  ["ENETUNREACH", "no way out"],
])("%s is told apart: %s", async (code, text) => {
  const { findings } = await live({ fetch: () => failure(code) });
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([
    ["network_unreachable", "error"],
    ["network_unreachable", "error"],
    // A ChatGPT login does not need the API.
    ["network_unreachable", "info"],
  ]);
  expect(findings[0]?.message).toContain(text);
  expect(findings[0]?.evidence[0]).toContain(code);
});

test("an AbortSignal's time-out is one", () => {
  expect(["TimeoutError", "AbortError", "unknown"].map(troubleOf)).toEqual(["timeout", "timeout", "other"]);
});

const page = { "content-type": "text/html; charset=utf-8" };

test.each([
  ["a page of a hotel", answer(200, "<html>", page), "network_intercepted", "answers with a page"],
  ["a browser check", answer(403, "<html>Just a moment", page), "network_intercepted", "a browser check"],
  [
    "a way elsewhere",
    answer(302, "", { location: "http://login.hotel.example/" }),
    "network_intercepted",
    "sends us to another place",
  ],
  [
    "a proxy that wants a password",
    answer(407, "", page),
    "network_intercepted",
    "wants a user and a password",
  ],
  ["a server that fails", answer(502, "{}"), "network_server_error", "fails (502)"],
])("%s is named", async (_, response, id, text) => {
  const { findings } = await live({ fetch: () => Promise.resolve(response.clone()) });
  const found = findings.filter((each) => each.id === id);
  expect(found).toHaveLength(3);
  expect(found[0]?.message).toContain(text);
});

test.each([
  ["Fri, 20 Nov 2026 11:30:00 GMT", "30 min ahead"],
  ["Fri, 20 Nov 2026 14:00:00 GMT", "120 min behind"],
])("a clock that is wrong is seen by the date of the answer: %s", async (date, text) => {
  const { findings } = await live({ fetch: () => Promise.resolve(answer(401, "{}", { date })) });
  expect(findings.find(({ id }) => id === "clock_skewed")?.message).toContain(text);
});

test("a WebSocket that does not get through is a warning where HTTP works", async () => {
  const cut = () => Promise.reject(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  const document = await live({ fetch: refusal, websocketStatus: cut });
  expect(document.findings.find(({ id }) => id === "websocket_blocked")).toMatchObject({
    severity: "warning",
    evidence: ["ECONNRESET"],
  });
});

test("a handshake is asked for on a real server, whatever it answers", async () => {
  const fake = await startFake();
  expect(await websocketStatus(`${fake.url}/v1/responses`, 5000)).toBe(426);
  expect(fake.count("socket")).toBe(1);
  await expect(websocketStatus("http://127.0.0.1:2/responses", 5000)).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});

test("an account that OpenAI refuses is found, without renewing anything", async () => {
  const fake = await startFake();
  // `renew` is not allowed here: a look that tried to would throw.
  const refused =
    (code: string): Context["fetch"] =>
    (_, init) =>
      new Headers(init?.headers).has("authorization")
        ? Promise.resolve(answer(401, JSON.stringify({ error: { code, message: "no" } })))
        : refusal();
  const first = await live({ fetch: refused("token_invalidated") });
  expect(idsOf(first)).toEqual(["login_refused", "login_refused"]);
  expect(first.findings.map(({ severity }) => severity)).toEqual(["error", "warning"]);
  expect(fake.count("refresh")).toBe(0);
});

test("fix --live renews what OpenAI refuses, once, and a token that is new is left alone", async () => {
  const home = new FaultHome("healthy");
  const renewed: string[] = [];
  const fetch: Context["fetch"] = (_, init) =>
    new Headers(init?.headers).has("authorization") && renewed.length < 2
      ? Promise.resolve(answer(401, '{"error":{"message":"no"}}'))
      : Promise.resolve(answer(200, '{"plan_type":"plus"}'));
  const renew: Context["renew"] = (accountId) => {
    renewed.push(accountId);
    return Promise.resolve({ kind: "ready", how: "renewed" });
  };
  const allowed = { fetch, renew, websocketStatus: () => Promise.resolve(426) };
  const dry = (await home.run("fix --live --dry-run")).document;
  expect(dry).toMatchObject({ changes: [] });
  const { document } = await home.run("fix --live", allowed);
  expect(document).toMatchObject({
    changes: [{ id: "login_refused", isApplied: true }, { isApplied: true }],
  });
  expect(new Set(renewed).size).toBe(2);
  // Ten minutes after their issue, at 11:00, nothing would be renewed again.
  renewed.length = 0;
  const early = new FaultHome("healthy");
  early.scene.now = "2026-11-20T11:05:00Z";
  expect((await early.run("fix --live", allowed)).document).toMatchObject({ changes: [] });
  expect(renewed).toEqual([]);
});

test.each(["fix --live", "doctor --fix --live"])(
  "%s asks for what to fix, and for what is left",
  async (line) => {
    const asked: string[] = [];
    const fetch: Context["fetch"] = (url, init) => {
      if (!new Headers(init?.headers).has("authorization")) return refusal();
      asked.push(`${url} ${new Headers(init?.headers).get("chatgpt-account-id")}`);
      return Promise.resolve(answer(200, '{"plan_type":"plus"}'));
    };
    await new FaultHome("healthy").run(line, { fetch, websocketStatus: () => Promise.resolve(426) });
    expect(asked.length).toBe(2 * new Set(asked).size);
  },
);

test("without --live nobody is asked", async () => {
  // `fetch` and `websocketStatus` throw unless they are allowed.
  const { document } = await new FaultHome("healthy").run("doctor --only network");
  expect(new Set((document as Document).checks.map(({ status }) => status))).toEqual(new Set(["skipped"]));
});

// Each of six checks told of it by itself.
test("an address that may get no token is told once, with the checks that it keeps from looking", async () => {
  const home = new FaultHome("healthy");
  home.home.write("config.toml", 'chatgpt_base_url = "http://usage.example"\n');
  const allowed = {
    fetch: () => Promise.reject(new TypeError("fetch failed")),
    websocketStatus: () => Promise.resolve(426),
  };
  const { document } = await home.run("doctor --live", allowed);
  const failed = (document as Document).findings.filter(({ id }) => id === "check_failed");
  expect(failed).toMatchObject([
    {
      message: expect.stringContaining("chatgpt_base_url"),
      evidence: expect.arrayContaining(["login_refused"]),
    },
  ]);
});

test("a test that names its own backend never asks api.openai.com", () => {
  expect(apiOf({ CODEX_AUTH_BACKEND: "http://127.0.0.1:4/backend-api" })).toBe("http://127.0.0.1:4/v1");
  expect(apiOf({})).toBe("https://api.openai.com/v1");
});

test("on a terminal a live doctor counts its checks, and wipes the line at the end", async () => {
  let shown = "";
  await live({ fetch: refusal, stderr: terminal((text) => (shown += text)) });
  expect(shown).toMatch(/\rCheck 1 of \d+/);
  expect(shown).toMatch(/\r *\r$/);
});
