import { expect, test } from "vitest";
import {
  created,
  cutsAfter,
  delta,
  errorBody,
  goodStream,
  refuses,
  resets,
  type Scene,
  sse,
  stalls,
  streams,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const eventStream = { "content-type": "text/event-stream" };
const soon = { headersMs: 300, firstEventMs: 300, preambleMs: 100, holdMs: 10 };

function ask(scene: ProxyScene, name: string, more: Record<string, string> = {}) {
  return scene.begin({ headers: { "thread-id": name, "session-id": name, ...more } });
}

/** A stream that stays open until it is told to end. */
function longStream() {
  let end: () => void = () => undefined;
  const scene: Scene = (response) => {
    response.writeHead(200, eventStream).write(sse(created(), delta("x")));
    end = () => void response.end(goodStream());
  };
  return { scene, end: () => end() };
}

const failures: readonly [name: string, scene: Scene][] = [
  ["500", refuses(500, errorBody("server_error"))],
  ["503 overloaded", refuses(503, errorBody("server_is_overloaded"))],
  ["a bot wall", refuses(403, "<html>Just a moment...</html>")],
  ["a reset", resets],
  ["silence", stalls],
  ["an empty stream", streams()],
  ["a cut in the middle", cutsAfter(sse(created(), delta("x")))],
  ["429 without a time", refuses(429, errorBody("rate_limit_exceeded"))],
];

test.each(failures)(
  "%s sets no account aside while another request of it is in flight",
  async (_, failure) => {
    const scene = await ProxyScene.open(["a"], { limits: soon });
    const long = longStream();
    scene.fake.next("acct-a", long.scene);
    const running = ask(scene, "long");
    await running.firstByte;
    for (let round = 0; round < 3; round += 1) {
      scene.fake.next("acct-a", failure, failure, failure, failure, failure, failure);
      await ask(scene, `fails-${round}`).answer;
      expect(scene.proxy.status().accounts[0]?.state).toBe("ready");
      expect(scene.proxy.status().accounts[0]?.lastError).not.toBe(null);
    }
    long.end();
    await running.answer;
  },
);

test("a failure sets no account aside that has served others since the request was sent", async () => {
  const scene = await ProxyScene.open(["a"]);
  let fail: () => void = () => undefined;
  scene.fake.next("acct-a", (response) => {
    fail = () => void response.writeHead(500).end("{}");
  });
  const failing = ask(scene, "fails");
  await scene.fake.arrival(1);
  expect((await ask(scene, "other").answer).status).toBe(200);
  fail();
  await expect.poll(() => scene.proxy.status().accounts[0]?.lastError).not.toBe(null);
  expect(scene.proxy.status().accounts[0]?.state).toBe("ready");
  expect((await failing.answer).text).toBe(goodStream());
});

test("an account on which nothing succeeds any more is set aside although requests are in flight", async () => {
  const scene = await ProxyScene.open(["a", "b"], { limits: soon });
  const [first = ""] = await scene.order();
  const long = longStream();
  scene.fake.next(first, long.scene);
  const running = ask(scene, "long");
  await running.firstByte;
  scene.fake.always(first, refuses(500, errorBody("server_error")));
  for (let round = 0; round < 40; round += 1) await ask(scene, `t${round}`).answer;
  const asked = scene.fake.asked.filter((name) => name === first).length;
  expect(asked).toBeLessThan(15);
  expect(scene.proxy.status().accounts.filter(({ state }) => state === "cooling")).toHaveLength(1);
  long.end();
  await running.answer;
});

test("a failure of the only account is tried again after a moment, and the client sees latency only", async () => {
  const scene = await ProxyScene.open(["a"]);
  const long = longStream();
  scene.fake.next("acct-a", long.scene, refuses(500, errorBody("server_error")));
  const running = ask(scene, "long");
  await running.firstByte;
  expect((await ask(scene, "fails").answer).text).toBe(goodStream());
  long.end();
  await running.answer;
});

const slowDowns: readonly [name: string, scene: Scene][] = [
  ["429 with Retry-After", refuses(429, "{}", { "retry-after": "15" })],
  [
    "429 with a time in its text",
    refuses(429, errorBody("rate_limit_exceeded", { message: "Please try again in 15s." })),
  ],
  ["429 on an idle account", refuses(429, errorBody("rate_limit_exceeded"))],
];

// It set the whole account aside.
test.each(slowDowns)("%s holds its model only", async (_, slow) => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  const model = (name: string) => ({ "x-codex-routing-hint": `model=${name}` });
  scene.fake.next(first, slow);
  expect((await ask(scene, "1", model("gpt-5.5")).answer).text).toBe(goodStream());
  expect((await ask(scene, "2", model("gpt-5.5")).answer).status).toBe(200);
  expect(scene.fake.asked).toEqual([first, second, second]);
  expect((await ask(scene, "3", model("gpt-5.5-mini")).answer).status).toBe(200);
  expect(scene.fake.asked.at(-1)).toBe(first);
  const id = await scene.idOf(first);
  const status = scene.proxy.status().accounts.find((each) => each.id === id);
  expect(status).toMatchObject({ state: "ready", reason: "asked to slow down for gpt-5.5" });
  expect(status?.returnsAtMs).toBeGreaterThan(Date.now());
});

test("a model that is held on every account is waited for within the hold", async () => {
  const scene = await ProxyScene.open(["a"]);
  const model = { "x-codex-routing-hint": "model=gpt-5.5" };
  scene.fake.next("acct-a", refuses(429, {}, { "retry-after": "1" }));
  expect((await ask(scene, "1", model).answer).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual(["acct-a", "acct-a"]);
});
