// Every way in which the gateway refuses, by name: each opens a gateway of its own and resolves to the answer.
import { errorBody, fails, refuses, resets, type Scene, streams } from "./openai/responses.ts";
import { type Asked, GatewayScene } from "./gateway-scene.ts";
import type { Answer } from "./proxy-scene.ts";

export type Situation = () => Promise<Answer>;

const responses = "/v1/responses";
const chatPath = "/v1/chat/completions";
const turn = { model: "gpt-6-sol", input: "hello", stream: true };
const whole = { ...turn, stream: false };
const chat = { model: "gpt-6-sol", messages: [{ role: "user", content: "hello" }] };
const form = (model: string) => ({
  headers: { "content-type": "multipart/form-data; boundary=x" },
  body: `--x\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n--x--\r\n`,
});
const page = "<!doctype html><title>502</title><h1>Bad gateway</h1>";
const inAnHour = { resets_in_seconds: 3600, plan_type: "plus" };
const invalidValue = {
  error: {
    message: "No such effort.",
    type: "invalid_request_error",
    code: "invalid_value",
    param: "reasoning.effort",
  },
};

export const situations: Readonly<Record<string, Situation>> = {
  "no-key": () => stranger(null),
  "no-bearer": () => stranger(null, { authorization: "Basic YTpi" }),
  "wrong-key": () => stranger("nonsense"),
  "mistyped-key": async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("ci");
    return await scene.ask({
      path: responses,
      key: `${secret.slice(0, -1)}${secret.endsWith("x") ? "y" : "x"}`,
      body: turn,
    });
  },
  "expired-key": () => keyed({ path: responses, body: turn }, { expiresMs: 1 }),
  "revoked-key": async () => {
    const scene = await GatewayScene.open(["a"]);
    const [admin, made] = [await scene.key("boss", { role: "admin" }), await scene.key("ci")];
    await scene.ask({ method: "DELETE", path: `/api/keys/${made.key.id}`, key: admin.secret });
    return await scene.ask({ path: responses, key: made.secret, body: turn });
  },
  "foreign-token": async () => {
    const scene = await GatewayScene.open(["a"]);
    return await scene.ask({ method: "GET", path: "/api/codex/usage", key: "eyJhbGciOiJub25lIn0.e30.x" });
  },
  "broken-json": () => keyed({ path: responses, body: "{" }),
  "broken-chat-json": () => keyed({ path: chatPath, body: "nonsense" }),
  "broken-management-json": () => managed({ path: "/api/keys", body: "[]" }),
  "missing-parameter": () => keyed({ path: responses, body: { input: "hello" } }),
  "missing-chat-parameter": () => keyed({ path: chatPath, body: { model: "gpt-6-sol" } }),
  "missing-nested-parameter": () =>
    keyed({ path: chatPath, body: { ...chat, messages: [{ content: "hello" }] } }),
  "missing-management-parameter": () => managed({ path: "/api/keys", body: {} }),
  "surplus-management-parameter": () => managed({ path: "/api/keys", body: { name: "ci", nonsense: 1 } }),
  "unknown-transcription-model": () => keyed({ path: "/v1/audio/transcriptions", body: { model: "tts-1" } }),
  "unknown-transcription-model-in-a-form": () =>
    keyed({ path: "/v1/audio/transcriptions", ...form("tts-1") }),
  "known-transcription-model": () => keyed({ path: "/v1/audio/transcriptions", ...form("whisper-1") }),
  "wrong-model": () =>
    keyed({ path: responses, body: { ...turn, model: "gpt-6-luna" } }, { models: ["gpt-6-sol"] }),
  "wrong-chat-model": () =>
    keyed({ path: chatPath, body: { ...chat, model: "gpt-6-luna" } }, { models: ["gpt-6-sol"] }),
  "client-manages": () => keyed({ method: "GET", path: "/api/keys" }),
  "client-makes-key": () => keyed({ path: "/api/keys", body: { name: "mine", role: "admin" } }),
  "admin-asks": () => managed({ path: responses, body: turn }),
  "admin-chats": () => managed({ path: chatPath, body: chat }),
  "admin-lists-models": () => managed({ method: "GET", path: "/v1/models" }),
  "unknown-path": () => keyed({ method: "GET", path: "/v1/nothing" }),
  "unknown-key-id": () => managed({ method: "GET", path: "/api/keys/key_nobody" }),
  "unknown-model-id": () =>
    upstream(refuses(200, { models: [{ slug: "gpt-6-sol" }] }), { method: "GET", path: "/v1/models/gpt-0" }),
  "wrong-method": () => keyed({ method: "PUT", path: responses, body: turn }),
  "wrong-type": () => keyed({ path: responses, body: { ...turn, model: 5 } }),
  "wrong-nested-type": () =>
    keyed({ path: chatPath, body: { ...chat, messages: [{ role: "user", content: 5 }] } }),
  "wrong-management-type": () => managed({ path: "/api/keys", body: { name: 5 } }),
  "out-of-range": () => keyed({ path: chatPath, body: { ...chat, temperature: 9 } }),
  "management-out-of-range": () => managed({ path: "/api/keys", body: { name: "ci", parallel: 0 } }),
  "unknown-enum": () =>
    keyed({ path: chatPath, body: { ...chat, messages: [{ role: "king", content: "x" }] } }),
  "unknown-management-enum": () => managed({ path: "/api/keys", body: { name: "ci", role: "king" } }),
  "request-limit": () => usedUp("requests=1/day"),
  "token-limit": () => usedUp("tokens=10/5h"),
  "cost-limit": () => usedUp("cost=0.00001usd/week"),
  "upstream-limit": () =>
    upstream(
      refuses(429, {
        error: { message: "Slow down.", type: "rate_limit_error", code: "rate_limit_exceeded", ...inAnHour },
      }),
    ),
  "all-limited": () => upstream(refuses(429, errorBody("usage_limit_reached", inAnHour))),
  "no-account": async () => {
    const scene = await GatewayScene.open([]);
    const { secret } = await scene.key("ci");
    return await scene.ask({ path: responses, key: secret, body: turn });
  },
  "inference-fault": async () => {
    const scene = await GatewayScene.open(["a"], {
      // Nobody expects a number that JSON cannot say.
      transformBody: async () => ({ fault: 1n }),
    });
    const { secret } = await scene.key("ci");
    return await scene.ask({ path: responses, key: secret, body: turn });
  },
  "management-fault": async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("boss", { role: "admin" });
    await scene.database.change("alter table audit rename to lost");
    const answer = await scene.ask({ path: "/api/keys", key: secret, body: { name: "ci" } });
    await scene.database.change("alter table lost rename to audit");
    return answer;
  },
  embeddings: () => keyed({ path: "/v1/embeddings", body: { input: "x" } }),
  images: () => keyed({ path: "/v1/images/generations", body: {} }),
  realtime: () => keyed({ path: "/v1/realtime/sessions", body: {} }),
  "upstream-says-invalid": () => upstream(refuses(400, invalidValue)),
  "upstream-says-not-found": () =>
    upstream(
      refuses(404, {
        error: { message: "No such model.", type: "invalid_request_error", code: "model_not_found" },
      }),
    ),
  "upstream-fails": () =>
    upstream(refuses(500, { error: { message: "We failed.", type: "server_error", code: null } })),
  "unreadable-page": () => upstream(refuses(500, page)),
  "unreadable-refusal": () => upstream(refuses(400, page)),
  "unreadable-text": () => upstream(refuses(400, "no healthy upstream")),
  "unreadable-json": () => upstream(refuses(400, { nonsense: true })),
  "blocked-page": () => upstream(refuses(403, page)),
  unreachable: () => upstream(resets),
  overloaded: () =>
    upstream(
      refuses(503, { error: { message: "Overloaded.", type: "server_error", code: "server_is_overloaded" } }),
    ),
  "limited-key-upstream-invalid": () => upstream(refuses(400, invalidValue), {}, limited),
  "limited-key-upstream-fails": () => upstream(refuses(500, errorBody("server_error")), {}, limited),
  "limited-key-unreadable": () => upstream(refuses(400, page), {}, limited),
  "collected-failure": () => upstream(streams(fails("bio_policy")), { body: whole }),
  "collected-no-accounts": () =>
    upstream(streams(fails("no_accounts", { type: "server_error" })), { body: whole }),
  "collected-chat-failure": () => upstream(streams(fails("bio_policy")), { path: chatPath, body: chat }),
};

type Wish = NonNullable<Parameters<GatewayScene["key"]>[1]>;

const limited: Wish = { limits: ["requests=50/day", "tokens=1m/day"] };

async function stranger(key: string | null, headers: Record<string, string> = {}): Promise<Answer> {
  const scene = await GatewayScene.open(["a"]);
  return await scene.ask({ path: responses, key, headers, body: turn });
}

async function keyed(asked: Asked, wish: Wish = {}): Promise<Answer> {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci", wish);
  return await scene.ask({ ...asked, key: secret });
}

function managed(asked: Asked): Promise<Answer> {
  return keyed(asked, { role: "admin" });
}

async function usedUp(limit: string): Promise<Answer> {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("ci", { limits: [limit] });
  await scene.ask({ path: responses, key: secret, body: turn });
  return await scene.ask({ path: responses, key: secret, body: turn });
}

async function upstream(scene: Scene, asked: Partial<Asked> = {}, wish: Wish = {}): Promise<Answer> {
  const gateway = await GatewayScene.open(["a"]);
  gateway.fake.always("acct-a", scene);
  const { secret } = await gateway.key("ci", wish);
  return await gateway.ask({ path: responses, body: turn, ...asked, key: secret });
}
