import { expect, test } from "vitest";
import { finalCodes } from "../../../src/errors/failure-rules.ts";
import {
  created,
  errorBody,
  fails,
  goodStream,
  refuses,
  type Scene,
  sse,
  streams,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const names = ["a", "b", "c", "d", "e"];
const inAnHour = { resets_at: Math.floor(Date.now() / 1000) + 3600 };
/** Made up anew each time, so that no list can know it. */
const madeUp = `glorp_${Math.random().toString(36).slice(2, 10)}`;

async function everybody(scene: ProxyScene, answer: Scene): Promise<string[]> {
  const order = await scene.order();
  for (const each of order) scene.fake.always(each, answer);
  return order;
}

function states(scene: ProxyScene): string[] {
  return scene.proxy.status().accounts.map(({ state }) => state);
}

const aboutTheRequest = Object.entries(finalCodes)
  .filter(([, { kind }]) => !["usageLimit", "entitlement", "overloaded"].includes(kind))
  .map(([code]) => code);

// bio_policy was replayed on every account, never shown, and left all of them cooling.
test.each(aboutTheRequest)(
  "%s inside a stream is asked of one account and shown as it came",
  async (code) => {
    const scene = await ProxyScene.open(names);
    const refusals = [streams(created(), fails(code)), streams({ type: "error", ...errorBody(code) })];
    for (const refusal of refusals) await everybody(scene, refusal);
    const event = { type: "error", ...errorBody(code) };
    expect((await scene.post()).text).toBe(sse(event));
    const [first = ""] = await scene.order();
    scene.fake.next(first, streams(created(), fails(code)));
    expect((await scene.post()).text).toBe(sse(created(), fails(code)));
    expect(scene.fake.asked).toEqual([first, first]);
    expect(new Set(states(scene))).toEqual(new Set(["ready"]));
  },
);

test("a code that nobody knows is tried on one more account and then shown as it came, each time", async () => {
  const scene = await ProxyScene.open(names);
  const [first, second] = await everybody(scene, streams(created(), fails(madeUp)));
  for (const times of [1, 2, 3]) {
    const answer = await scene.post();
    expect(answer).toMatchObject({ status: 200, text: sse(created(), fails(madeUp)), isCut: false });
    expect(scene.fake.asked.length).toBe(2 * times);
  }
  expect(scene.fake.asked.slice(0, 2)).toEqual([first, second]);
  expect(new Set(states(scene))).toEqual(new Set(["ready"]));
});

test("a code that nobody knows costs the client nothing when the next account answers", async () => {
  const scene = await ProxyScene.open(names);
  const [first = ""] = await scene.order();
  scene.fake.next(first, streams(created(), fails(madeUp)));
  expect((await scene.post()).text).toBe(goodStream());
  expect(scene.fake.asked).toHaveLength(2);
});

test("with one account, and where no other can serve now, an unknown refusal is shown as it came", async () => {
  const alone = await ProxyScene.open(["a"]);
  alone.fake.always("acct-a", streams(created(), fails(madeUp)));
  expect((await alone.post()).text).toBe(sse(created(), fails(madeUp)));
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  scene.fake.always(first, streams(created(), fails(madeUp)));
  scene.fake.always(second, refuses(429, errorBody("usage_limit_reached", inAnHour)));
  expect((await scene.post()).text).toBe(sse(created(), fails(madeUp)));
  expect(scene.fake.asked).toEqual([first, second]);
});

const ofAccount: readonly [name: string, status: number, body: object][] = [
  ["432", 432, { detail: "Workspace routing is unavailable" }],
  ["a status that nobody knows", 478, {}],
  ["404 that names the workspace", 404, { detail: "Workspace not found" }],
  ["409 that names the account", 409, errorBody("account_migrating")],
];

test.each(ofAccount)(
  "%s: one more account is asked, and its refusal is shown as it came",
  async (_, status, body) => {
    const scene = await ProxyScene.open(names);
    const [first = "", second = ""] = await everybody(
      scene,
      refuses(status, body, { "x-request-id": "req_2" }),
    );
    scene.fake.next(
      second,
      (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(goodStream()),
    );
    expect((await scene.post()).text).toBe(goodStream());
    expect(scene.fake.asked).toEqual([first, second]);
    scene.fake.received.length = 0;
    const answer = await scene.post({ headers: { "thread-id": "2", "session-id": "2" } });
    expect([answer.status, JSON.parse(answer.text), answer.headers["x-request-id"]]).toEqual([
      status,
      body,
      "req_2",
    ]);
    expect(scene.fake.asked).toHaveLength(2);
    expect(new Set(states(scene))).toEqual(new Set(["ready"]));
  },
);

test("501 is passed on at once and sets nobody aside", async () => {
  const scene = await ProxyScene.open(names);
  const [first] = await everybody(scene, refuses(501, errorBody("not_implemented")));
  const answer = await scene.post();
  expect([answer.status, JSON.parse(answer.text)]).toEqual([501, errorBody("not_implemented")]);
  expect(scene.fake.asked).toEqual([first]);
  expect(new Set(states(scene))).toEqual(new Set(["ready"]));
});

// Codex alone asks once and says that the model is at capacity; through the proxy it asked thirty times.
test("a model without capacity on every account is told in upstream's words, without a wait", async () => {
  const inStream = streams(created(), fails("server_is_overloaded"));
  const asAnswer = refuses(503, errorBody("server_is_overloaded"));
  for (const [refusal, status] of [
    [inStream, 200],
    [asAnswer, 503],
  ] as const) {
    const scene = await ProxyScene.open(names);
    await everybody(scene, refusal);
    const answer = await scene.post();
    expect([answer.status, answer.text.includes("upstream says server_is_overloaded")]).toEqual([
      status,
      true,
    ]);
    expect(scene.fake.asked).toHaveLength(names.length);
  }
});

// The refusal was shown although an account came back a second later.
test("a refusal waits for an account that comes back in a moment", async () => {
  const scene = await ProxyScene.open(["a", "b"]);
  const [first = "", second = ""] = await scene.order();
  const { id } = await scene.accountOf(first);
  const block = { kind: "exhausted" as const, sinceMs: Date.now(), untilMs: Date.now() + 1500 };
  await scene.store.updateUsage((usage) =>
    usage.set(id, {
      limits: [],
      availability: { block, authFailures: 0, upstreamFailures: 0, lastUpstreamFailureMs: null },
    }),
  );
  scene.fake.always(second, streams(created(), fails(madeUp)));
  expect((await scene.post()).text).toBe(goodStream());
  expect(scene.fake.asked).toEqual([second, first]);
});
