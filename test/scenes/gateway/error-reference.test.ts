import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRetryHint } from "../../../src/errors/retry-hint.ts";
import { parseSse } from "../../../src/errors/stream-failure.ts";
import {
  created,
  cutsAfter,
  delta,
  errorBody,
  fails,
  refuses,
  sse,
  streams,
} from "../../support/openai/responses.ts";
import { errorOf, GatewayScene } from "../../support/gateway-scene.ts";
import { type Situation, situations } from "../../support/gateway-situations.ts";
import { projectRoot } from "../../support/home.ts";
import type { Answer } from "../../support/proxy-scene.ts";

/** One sentence of the reference that the gateway must make true. */
interface Fact {
  readonly id: string;
  readonly says: string;
  /** Names of situations: the answer to each must have what follows. */
  readonly when?: readonly string[];
  readonly status?: number;
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** What else is to be seen: a check of every answer, or a story of its own. */
  readonly proof?: string;
}

const { facts } = JSON.parse(
  readFileSync(join(projectRoot, "fixtures/gateway/error-reference.json"), "utf8"),
) as { facts: readonly Fact[] };

const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const codes = (name: string) => ask(name).then((answer) => errorOf(answer)["code"]);

function ask(name: string): Promise<Answer> {
  const situation: Situation | undefined = situations[name];
  if (!situation) throw new Error(`no situation ${name}`);
  return situation();
}

/** What an answer must show beside status, type and code. */
const checks: Readonly<Record<string, (answer: Answer) => void>> = {
  envelope: (answer) => {
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual(["error"]);
    const known = "message type code param plan_type resets_at resets_in_seconds".split(" ");
    expect(known).toEqual(expect.arrayContaining(Object.keys(errorOf(answer))));
  },
  message: (answer) => expect(errorOf(answer)["message"]).toMatch(/^\S.*\S$/s),
  type: (answer) => expect(errorOf(answer)["type"]).toMatch(/^[a-z_]+_error$/),
  code: (answer) => expect(errorOf(answer)["code"]).toMatch(/^[a-z_]+$/),
  "plan-type": (answer) => expect(errorOf(answer)["plan_type"]).toBe("plus"),
  "resets-at": (answer) => {
    const at = errorOf(answer)["resets_at"];
    expect(Number.isInteger(at) && Number(at) > Date.now() / 1000 - 5).toBe(true);
  },
  "resets-in-seconds": (answer) => {
    const { resets_at: at, resets_in_seconds: left } = errorOf(answer);
    expect(Number.isInteger(left)).toBe(true);
    expect(Math.abs(Number(at) - Date.now() / 1000 - Number(left))).toBeLessThan(5);
  },
  "reset-in-message": (answer) => {
    const { message, resets_in_seconds: left } = errorOf(answer);
    const seconds = (parseRetryHint(String(message), Date.now())?.retryAfterMs ?? 0) / 1000;
    expect([message, Math.abs(seconds - Number(left)) < 5]).toEqual([message, true]);
  },
  "has-param": (answer) => expect(errorOf(answer)["param"]).toMatch(/^[\w.]+$/),
  "upstream-details": (answer) =>
    expect([answer.status, errorOf(answer)]).toEqual([
      400,
      {
        message: "No such effort.",
        type: "invalid_request_error",
        code: "invalid_value",
        param: "reasoning.effort",
      },
    ]),
  "limit-headers": (answer) => {
    for (const kind of ["requests", "tokens"]) {
      for (const part of ["limit", "remaining", "reset"])
        expect(answer.headers).toHaveProperty(`x-ratelimit-${part}-${kind}`);
    }
  },
  "collected-details": (answer) =>
    expect(errorOf(answer)).toMatchObject({ code: "bio_policy", message: "upstream says bio_policy" }),
  "status-first": (answer) => expect(answer.status).toBeGreaterThanOrEqual(400),
};

/** What takes more than one answer to show. */
const stories: Readonly<Record<string, () => Promise<void>>> = {
  "param-only-where-it-helps": async () => {
    for (const name of ["no-key", "unknown-path", "request-limit", "no-account", "broken-json"])
      expect(errorOf(await ask(name))).not.toHaveProperty("param");
    expect(errorOf(await ask("missing-parameter"))["param"]).toBe("model");
  },
  success: async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const answer = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect([answer.status, answer.text.includes("response.completed")]).toEqual([200, true]);
  },
  created: async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("boss", { role: "admin" });
    const answer = await scene.ask({ path: "/api/keys", key: secret, body: { name: "ci" } });
    expect(answer.status).toBe(201);
  },
  "fault-codes": async () => {
    expect(await Promise.all(["inference-fault", "management-fault"].map(codes))).toEqual([
      "server_error",
      "internal_error",
    ]);
  },
  "permission-type": async () => {
    expect(await Promise.all(["wrong-model", "client-manages", "admin-asks"].map(codes))).toEqual([
      "model_not_allowed",
      "insufficient_permissions",
      "insufficient_permissions",
    ]);
  },
  "invalid-type": async () => {
    const answers = await Promise.all(["broken-json", "unknown-path", "wrong-type"].map(ask));
    expect(answers.map((answer) => [answer.status, errorOf(answer)["type"]])).toEqual(
      [400, 404, 422].map((status) => [status, "invalid_request_error"]),
    );
  },
  "server-type": async () => {
    const names = ["inference-fault", "management-fault", "embeddings", "unreadable-page", "no-account"];
    const answers = await Promise.all(names.map(ask));
    expect(
      answers.map((answer) => [answer.status, errorOf(answer)["type"], errorOf(answer)["code"]]),
    ).toEqual([
      [500, "server_error", "server_error"],
      [500, "server_error", "internal_error"],
      [501, "server_error", "not_implemented"],
      [502, "server_error", "upstream_error"],
      [503, "server_error", "no_accounts"],
    ]);
  },
  "upstream-codes": async () => {
    const answers = await Promise.all(["unreadable-page", "unreachable"].map(ask));
    expect(
      answers.map((answer) => [answer.status, errorOf(answer)["code"], errorOf(answer)["type"]]),
    ).toEqual([
      [502, "upstream_error", "server_error"],
      [503, "upstream_error", "server_error"],
    ]);
  },
  "upstream-status": async () => {
    const answers = await Promise.all(
      ["upstream-says-invalid", "upstream-says-not-found", "upstream-fails", "overloaded"].map(ask),
    );
    expect(answers.map(({ status }) => status)).toEqual([400, 404, 502, 503]);
  },
  "sse-error-event": async () => {
    const said = { type: "error", error: { message: "no", type: "server_error", code: "server_error" } };
    const events = await streamOf(streams(created(), delta("x"), said));
    expect(events.at(-1)).toEqual({ event: "error", data: said });
  },
  "sse-response-failed": async () => {
    const events = await streamOf(streams(created(), delta("x"), fails("server_error")));
    expect(events.at(-1)).toMatchObject({
      event: "response.failed",
      data: { type: "response.failed", response: { error: { code: "server_error" } } },
    });
  },
  "sse-failed-shape": async () => {
    const events = await streamOf(cutsAfter(sse(created(), delta("x"))));
    expect(events.at(-1)).toMatchObject({
      event: "response.failed",
      data: {
        type: "response.failed",
        response: {
          object: "response",
          status: "failed",
          error: { type: "server_error", code: "upstream_error", message: expect.any(String) as string },
          incomplete_details: null,
        },
      },
    });
  },
  "stream-never-silent": async () => {
    for (const scene of [cutsAfter(sse(created(), delta("x"))), streams(created(), delta("x"))]) {
      const last = (await streamOf(scene)).at(-1)?.event;
      expect(["error", "response.failed"]).toContain(last);
    }
  },
  "retry-502": async () => {
    const scene = await GatewayScene.open(["a"]);
    scene.fake.next(
      "acct-a",
      refuses(500, errorBody("server_error")),
      refuses(500, errorBody("server_error")),
    );
    const { secret } = await scene.key("ci");
    const asked = () => scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect((await asked()).status).toBe(502);
    await expect.poll(async () => (await asked()).status, { interval: 500 }).toBe(200);
  },
  "retry-500": async () => {
    let isBroken = true;
    const scene = await GatewayScene.open(["a"], {
      transformBody: async (body) => (isBroken ? { fault: 1n } : body),
    });
    const { secret } = await scene.key("ci", { limits: ["requests=1/5h"] });
    const first = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    isBroken = false;
    const again = await scene.ask({ path: "/v1/responses", key: secret, body: turn });
    expect([first.status, again.status]).toEqual([500, 200]);
  },
  "mended-by-param": async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    const body = { model: "gpt-6-sol", messages: [{ role: "user", content: "hello" }], temperature: 9 };
    const path = "/v1/chat/completions";
    const refused = await scene.ask({ path, key: secret, body });
    const mended = { ...body, [String(errorOf(refused)["param"])]: 1 };
    expect([refused.status, (await scene.ask({ path, key: secret, body: mended })).status]).toEqual([
      422, 200,
    ]);
  },
  documentation: async () => {
    const page = readFileSync(join(projectRoot, "docs/gateway.md"), "utf8");
    const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    const wanted = ["Authentication", "Limits", "Errors", "Streaming", "Retries", "Troubleshooting"];
    expect(titles).toEqual(expect.arrayContaining(wanted));
  },
};

async function streamOf(scene: Parameters<GatewayScene["fake"]["next"]>[1]) {
  const { fake, ...open } = await opened();
  fake.always("acct-a", scene);
  const answer = await open.ask();
  expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/event-stream"]);
  return parseSse(answer.text).map(({ event, data }) => ({ event, data: JSON.parse(data) as unknown }));
}

async function opened() {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci");
  return { fake: scene.fake, ask: () => scene.ask({ path: "/v1/responses", key: secret, body: turn }) };
}

describe("every sentence of the error reference is true of the gateway", () => {
  test.each(facts)("$id: $says", async ({ when = [], status, type, code, param, proof = "" }) => {
    const wanted = Object.entries({ type, code, param }).filter(([, value]) => value !== undefined);
    for (const name of when) {
      const answer = await ask(name);
      const shown = [name, status === undefined ? undefined : answer.status, errorOf(answer)];
      expect(shown).toMatchObject([name, status, Object.fromEntries(wanted)]);
      checks[proof]?.(answer);
    }
    if (!Object.hasOwn(checks, proof)) await stories[proof]?.();
  });

  test("no sentence is without a proof, and no proof without a sentence", () => {
    const used = facts.map(({ proof }) => proof).filter((proof) => proof !== undefined);
    expect(new Set(used)).toEqual(new Set([...Object.keys(checks), ...Object.keys(stories)]));
    const met = facts.flatMap(({ when = [] }) => when);
    const told = new Set(["upstream-says-not-found", ...met]);
    expect(told).toEqual(new Set(Object.keys(situations)));
    expect(facts.filter(({ when, proof }) => when === undefined && proof === undefined)).toEqual([]);
  });
});
