import { expect, test } from "vitest";
import {
  completed,
  created,
  cutsAfter,
  delta,
  errorBody,
  fails,
  goodStream,
  refuses,
  resets,
  type Scene,
  silent,
  sse,
  stalls,
  stallsWithComments,
  streams,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const soon = { headersMs: 150, firstEventMs: 150, preambleMs: 100 };
const inAnHour = { resets_at: Math.floor(Date.now() / 1000) + 3600 };
const limitHeaders = {
  "x-codex-primary-used-percent": "100",
  "x-codex-primary-window-minutes": "300",
  "x-codex-primary-reset-at": String(Math.floor(Date.now() / 1000) + 3600),
};

/** What upstream does, and the state of the account afterwards. */
const failures: readonly [name: string, scene: Scene, state: string][] = [
  ["429 usage_limit_reached", refuses(429, errorBody("usage_limit_reached", inAnHour)), "limited"],
  [
    "429 usage limit told in headers",
    refuses(429, errorBody("usage_limit_reached"), limitHeaders),
    "limited",
  ],
  ["429 rate_limit_exceeded", refuses(429, errorBody("rate_limit_exceeded")), "ready"],
  ["429 insufficient_quota", refuses(429, errorBody("insufficient_quota")), "limited"],
  ["429 slow down", refuses(429, "{}", { "retry-after": "7" }), "ready"],
  ["404 that means a usage limit", refuses(404, errorBody("usage_limit_reached", inAnHour)), "limited"],
  ["404 usage_not_included", refuses(404, errorBody("usage_not_included")), "ready"],
  ["403 usage_not_included", refuses(403, errorBody("usage_not_included")), "ready"],
  ["403 JSON", refuses(403, errorBody("insufficient_permissions")), "ready"],
  ["403 HTML of a bot wall", refuses(403, "<html>Just a moment...</html>"), "cooling"],
  ["402", refuses(402, errorBody("payment_required")), "ready"],
  ["500", refuses(500, errorBody("server_error")), "cooling"],
  ["502 HTML", refuses(502, "<html>Bad gateway</html>"), "cooling"],
  ["503 overloaded", refuses(503, errorBody("server_is_overloaded")), "cooling"],
  ["503 slow_down", refuses(503, errorBody("slow_down")), "ready"],
  ["529", refuses(529, errorBody("overloaded")), "cooling"],
  ["307 to another place", refuses(307, "", { location: "http://127.0.0.1:2/elsewhere" }), "cooling"],
  ["401 account_deactivated", refuses(401, errorBody("account_deactivated")), "login-needed"],
  ["403 account_suspended", refuses(403, errorBody("account_suspended")), "login-needed"],
  ["401 token_invalidated", refuses(401, errorBody("token_invalidated")), "cooling"],
  ["401 app_session_terminated", refuses(401, errorBody("app_session_terminated")), "login-needed"],
  ["reset before headers", resets, "cooling"],
  ["no headers", silent, "cooling"],
  ["headers and silence", stalls, "cooling"],
  ["comments only", stallsWithComments, "cooling"],
  ["an empty stream", streams(), "cooling"],
  [
    "a cut in the first event",
    cutsAfter('event: response.output_text.delta\ndata: {"type":"resp'),
    "cooling",
  ],
  ["a cut after response.created", cutsAfter(sse(created())), "cooling"],
  ["an end after response.created", streams(created()), "cooling"],
  ["response.failed usage_limit_reached", streams(fails("usage_limit_reached", inAnHour)), "limited"],
  ["response.failed after response.created", streams(created(), fails("usage_limit_reached")), "limited"],
  ["response.failed rate_limit_exceeded", streams(created(), fails("rate_limit_exceeded")), "ready"],
  ["response.failed insufficient_quota", streams(fails("insufficient_quota")), "limited"],
  ["response.failed usage_not_included", streams(fails("usage_not_included")), "ready"],
  ["response.failed server_error", streams(fails("server_error")), "cooling"],
  ["response.failed server_is_overloaded", streams(fails("server_is_overloaded")), "cooling"],
  ["response.failed slow_down", streams(fails("slow_down")), "ready"],
  ["response.failed without a reason", streams({ type: "response.failed", response: {} }), "ready"],
  ["an error event", streams({ type: "error", ...errorBody("usage_limit_reached", inAnHour) }), "limited"],
  ["an error event of 503", streams({ type: "error", status: 503, ...errorBody("server_error") }), "cooling"],
];

test.each(failures)("%s: the client gets a clean answer from the next account", async (_, failure, state) => {
  const scene = await ProxyScene.open(["a", "b"], { limits: soon });
  const [first = "", second = ""] = await scene.order();
  // Twice, because a reset of a connection that was idle before is tried once more.
  scene.fake.next(first, failure, failure);
  const answer = await scene.post({ body: '{"input":"x"}' });
  expect({ status: answer.status, text: answer.text, isCut: answer.isCut }).toEqual({
    status: 200,
    text: goodStream(),
    isCut: false,
  });
  expect([...new Set(scene.fake.asked)]).toEqual([first, second]);
  expect(scene.fake.received.every(({ body }) => body.toString() === '{"input":"x"}')).toBe(true);
  await expect.poll(() => statusOf(scene, first)).toBe(state);
  expect(statusOf(scene, second)).toBe("ready");
  expect((await scene.store.read()).pool.accounts.length).toBe(2);
});

function statusOf(scene: ProxyScene, workspace: string): string | undefined {
  const email = `${workspace.replace("acct-", "")}@example.com`;
  return scene.proxy.status().accounts.find((each) => each.email === email)?.state;
}

/** The request's own fault: the same everywhere, so no other account is asked and the answer stays as it is. */
const surfaced: readonly [name: string, status: number, body: object][] = [
  ["400", 400, errorBody("invalid_request_error")],
  ["400 context_length_exceeded", 400, errorBody("context_length_exceeded")],
  ["400 invalid_prompt", 400, errorBody("invalid_prompt")],
  ["404 model_not_found", 404, errorBody("model_not_found")],
  ["413", 413, errorBody("too_large")],
  ["422", 422, errorBody("validation_error")],
];

test.each(surfaced)("%s is passed on unchanged and counts against no account", async (_, status, body) => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = ""] = await scene.order();
  scene.fake.next(first, refuses(status, body, { "x-request-id": "req_1" }));
  const answer = await scene.post();
  expect({
    status: answer.status,
    body: JSON.parse(answer.text),
    id: answer.headers["x-request-id"],
  }).toEqual({
    status,
    body,
    id: "req_1",
  });
  expect(scene.fake.asked).toEqual([first]);
  expect(statusOf(scene, first)).toBe("ready");
});

const surfacedEvents = ["context_length_exceeded", "invalid_prompt", "cyber_policy"];

test.each(surfacedEvents)("a stream that begins with %s is passed on unchanged", async (code) => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = ""] = await scene.order();
  scene.fake.next(first, streams(created(), fails(code)));
  const answer = await scene.post();
  expect(answer.text).toBe(sse(created(), fails(code)));
  expect(scene.fake.asked).toEqual([first]);
});

test("after the first visible byte nothing is sent again, and a cut ends well-formed", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = ""] = await scene.order();
  const whole = sse(created(), delta("hel"));
  scene.fake.next(first, cutsAfter(`${whole}event: response.output_text.delta\ndata: {"type":"respo`));
  const answer = await scene.post();
  expect(answer.isCut).toBe(false);
  expect(answer.text.startsWith(whole)).toBe(true);
  const rest = answer.text.slice(whole.length);
  const [event = "", data = ""] = rest.trimEnd().split("\n");
  expect(event).toBe("event: response.failed");
  expect(JSON.parse(data.slice(6))).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: "upstream_error" } },
  });
  expect(scene.fake.asked).toEqual([first]);
  expect(statusOf(scene, first)).toBe("cooling");
});

test("a limit that is told in the middle of an answer is passed on, and the next request goes elsewhere", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  const told = sse(created(), delta("hel"), fails("usage_limit_reached", inAnHour));
  scene.fake.next(
    first,
    (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(told),
  );
  expect((await scene.post()).text).toBe(told);
  expect((await scene.post()).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual([first, second]);
});

test("an answer that ends with completed in the last piece counts its tokens", async () => {
  const scene = await ProxyScene.open(["a"]);
  await scene.post();
  const [account] = scene.proxy.status().accounts;
  expect(account).toMatchObject({
    served: 1,
    failedOver: 0,
    tokens: { input: 11, cachedInput: 3, output: 5 },
  });
  expect(completed().response.usage.output_tokens).toBe(5);
});

test("a client that leaves ends the request at upstream, in every phase", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const scenes: readonly Scene[] = [silent, stalls, cutless(sse(created())), cutless(sse(delta("x")))];
  const [first = ""] = await scene.order();
  for (const [index, each] of scenes.entries()) {
    scene.fake.next(first, each);
    const request = scene.begin();
    const received = await scene.fake.arrival(index + 1);
    if (index === 3) await request.firstByte;
    request.abort();
    await received.aborted;
  }
  expect(scene.fake.asked).toEqual([first, first, first, first]);
  expect(statusOf(scene, first)).toBe("ready");
  await expect.poll(() => scene.proxy.status().inFlight).toBe(0);
});

/** Says this and stays. */
function cutless(text: string): Scene {
  return (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).write(text);
}
