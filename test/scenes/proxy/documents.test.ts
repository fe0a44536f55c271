import { expect, test } from "vitest";
import {
  completed,
  created,
  cutsAfter,
  delta,
  errorBody,
  fails,
  itemDone,
  refuses,
  type Scene,
  sse,
  streams,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const plain = { "user-agent": "openai-python/1", originator: "" };
const transformBody = (body: object) => Promise.resolve({ ...body, stream: true });
const nowSec = Math.floor(Date.now() / 1000);

/** A client that asks for one JSON document. */
async function documents(names: readonly string[], limits: object = {}) {
  const scene = await ProxyScene.open(names, { transformBody, limits });
  const [first = "", second = ""] = await scene.order();
  const ask = () => scene.post({ headers: plain, body: '{"model":"gpt-5.5","input":"hi"}' });
  return { scene, first, second, ask };
}

const stops: Scene = (response) =>
  void response.writeHead(200, { "content-type": "text/event-stream" }).write(sse(created(), delta("hal")));

const late: readonly [name: string, scene: Scene][] = [
  ["a cut in the middle", cutsAfter(sse(created(), delta("hal")))],
  ["an end without an end", streams(created(), delta("hal"), itemDone())],
  ["silence in the middle", stops],
  ["a limit that is told late", streams(created(), delta("hal"), fails("usage_limit_reached"))],
  ["a server error that is told late", streams(created(), delta("hal"), fails("server_error"))],
  ["a late refusal that nobody knows", streams(created(), delta("hal"), fails("glorp"))],
];

// The client has seen nothing, and got the failure all the same.
test.each(late)("%s: the next account answers a client that has seen nothing", async (_, scene) => {
  const it = await documents(["a", "b"], { idleMs: 200 });
  it.scene.fake.next(it.first, scene);
  const answer = await it.ask();
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    200,
    { id: "resp_1", status: "completed" },
  ]);
  expect(it.scene.fake.asked).toEqual([it.first, it.second]);
  const served = it.scene.proxy.status().accounts.map((each) => each.served);
  expect(served.toSorted()).toEqual([0, 1]);
});

test("a late refusal of content is told once, as an envelope, and no other account is asked", async () => {
  const it = await documents(["a", "b"]);
  it.scene.fake.next(it.first, streams(created(), delta("hal"), fails("bio_policy")));
  const answer = await it.ask();
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text).error).toMatchObject({
    code: "bio_policy",
    message: "upstream says bio_policy",
  });
  expect(it.scene.fake.asked).toEqual([it.first]);
});

test("an answer that is cut by its own length is a 200 with its text", async () => {
  const it = await documents(["a", "b"]);
  const incomplete = {
    type: "response.incomplete",
    response: {
      id: "resp_1",
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [],
    },
  };
  it.scene.fake.next(it.first, streams(created(), delta("hel"), delta("lo"), incomplete));
  const answer = await it.ask();
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "hello" }] }],
  });
  it.scene.fake.next(it.first, streams(created(), delta("hel"), itemDone(), incomplete));
  expect(JSON.parse((await it.ask()).text).output).toHaveLength(1);
  expect(it.scene.fake.asked).toEqual([it.first, it.first]);
});

test("two items of which one was not ended come in their order", async () => {
  const it = await documents(["a"]);
  const part = (output_index: number, text: string) => ({ ...delta(text), output_index, content_index: 0 });
  const incomplete = { type: "response.incomplete", response: { id: "resp_1", status: "incomplete" } };
  it.scene.fake.next(
    "acct-a",
    streams(part(0, "x"), { ...itemDone(), output_index: 0 }, part(1, "ha"), part(1, "lf"), incomplete),
  );
  const { output } = JSON.parse((await it.ask()).text);
  expect(output).toMatchObject([{ id: "msg_1" }, { content: [{ text: "half" }] }]);
});

test("the reset of a limit is a real time", async () => {
  const it = await documents(["a"]);
  const failure = fails("usage_limit_reached", { resets_in_seconds: 3600 });
  it.scene.fake.always("acct-a", streams(created(), delta("x"), failure));
  const { error } = JSON.parse((await it.ask()).text);
  expect(error.resets_at).toBeGreaterThan(nowSec + 3000);
  expect(error.resets_at).toBeLessThan(nowSec + 4000);
});

const shapeless: readonly [name: string, status: number, body: object | string, message: string][] = [
  ["FastAPI's detail", 400, { detail: "Unsupported parameter: glorp" }, "Unsupported parameter: glorp"],
  [
    "issues of a validation",
    422,
    { detail: [{ loc: ["body", "input"], msg: "Field required" }] },
    "Field required",
  ],
  [
    "an error without a code",
    400,
    { error: { message: "Bad input", type: "invalid_request_error", code: null } },
    "Bad input",
  ],
  [
    "a page",
    413,
    "<html>Too large</html>",
    "Upstream answered 413 Payload Too Large without a readable reason.",
  ],
];

test.each(shapeless)(
  "%s is told to other clients in the envelope, and to Codex as it came",
  async (_, status, body, message) => {
    const it = await documents(["a"]);
    it.scene.fake.always("acct-a", refuses(status, body, { "x-request-id": "req_7" }));
    const answer = await it.ask();
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/json"]);
    expect(answer.headers["x-request-id"]).toBe("req_7");
    const { error } = JSON.parse(answer.text);
    expect(error).toMatchObject({ message, type: expect.any(String), code: expect.any(String) });
    const codex = await it.scene.post();
    expect([codex.status, codex.text]).toEqual([
      status,
      typeof body === "string" ? body : JSON.stringify(body),
    ]);
  },
);

test("an envelope goes to other clients as it came", async () => {
  const it = await documents(["a"]);
  it.scene.fake.always("acct-a", refuses(400, errorBody("context_length_exceeded", { glorp: 1 })));
  expect(JSON.parse((await it.ask()).text)).toEqual(errorBody("context_length_exceeded", { glorp: 1 }));
});

const refused = {
  temperature: 0.5,
  top_p: 1,
  metadata: { a: "b" },
  user: "u",
  truncation: "auto",
  safety_identifier: "s",
  prompt_cache_retention: "24h",
};

test("what the Codex backend refuses is taken out of a plain request, and left in one of Codex", async () => {
  const it = await documents(["a"]);
  const body = { model: "gpt-6.2-sol", input: "hi", service_tier: "flex", glorp: 1, ...refused };
  await it.scene.post({ headers: plain, body: JSON.stringify(body) });
  await it.scene.post({ body: JSON.stringify(body) });
  const [first, second] = it.scene.fake.received.map((each) => JSON.parse(each.body.toString()));
  expect(first).toEqual({ model: "gpt-6.2-sol", input: "hi", service_tier: "flex", glorp: 1, stream: true });
  expect(second).toEqual(body);
});

test("a stream that falls silent after its first event ends with response.failed", async () => {
  const scene = await ProxyScene.open(["a", "b"], { limits: { idleMs: 200 } });
  const [first = ""] = await scene.order();
  scene.fake.next(first, stops);
  const request = scene.begin();
  const { aborted } = await scene.fake.arrival(1);
  const answer = await request.answer;
  await aborted;
  expect(answer.isCut).toBe(false);
  const last = answer.text.trimEnd().split("\n").at(-1) ?? "";
  expect(JSON.parse(last.slice(6))).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: "upstream_error" } },
  });
  expect(scene.fake.asked).toEqual([first]);
});

test("a stream that says something in time goes on, and a client that does not read is no silence of upstream", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { idleMs: 2_000 } });
  scene.fake.next("acct-a", async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let sent = 0; sent < 6; sent += 1) {
      response.write(sent % 2 === 0 ? ": keep-alive\n\n" : sse(delta("x")));
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    response.end(sse(completed()));
  });
  expect((await scene.post()).text).toContain("response.completed");
});

// Whoever looks at the beginning pauses the stream: what came in pieces after it was never read.
test("an answer that comes in pieces is put together as soon as it ends", async () => {
  const it = await documents(["a", "b"], { idleMs: 2000 });
  it.scene.fake.next(it.first, (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const pieces = [created(), delta("hal"), delta("f"), itemDone(), completed()];
    for (const [at, piece] of pieces.entries()) setTimeout(() => response.write(sse(piece)), at * 20);
    setTimeout(() => response.end(), pieces.length * 20);
  });
  const answer = await it.ask();
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { status: "completed" }]);
  expect(it.scene.fake.asked).toEqual([it.first]);
});
