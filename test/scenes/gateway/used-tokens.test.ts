import { describe, expect, test } from "vitest";
import { completed, created, goodStream, refuses, streams } from "../../support/openai/responses.ts";
import { GatewayScene } from "../../support/gateway-scene.ts";

const compact = "/v1/responses/compact";
const asked = { model: "gpt-6-sol", input: [{ role: "user", content: "hello" }] };
const counted = { limits: ["requests=9/day", "tokens=100000/day", "cost=5usd/day"] };

async function usedOf(scene: GatewayScene, key: string): Promise<readonly number[]> {
  const { text } = await scene.ask({ method: "GET", path: "/v1/usage", key });
  return (JSON.parse(text) as { limits: readonly { used: number }[] }).limits.map(({ used }) => used);
}

test("a compaction is charged for the tokens that its document names, and comes as it came", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("new", counted);
  const document = {
    object: "response.compaction",
    output: [],
    usage: { input_tokens: 900, output_tokens: 70 },
  };
  scene.fake.next("acct-a", refuses(200, document));
  const answer = await scene.ask({ path: compact, key: secret, body: asked });
  expect([answer.status, answer.text]).toEqual([200, JSON.stringify(document)]);
  const [requests, tokens, cost] = await usedOf(scene, secret);
  expect([requests, tokens]).toEqual([1, 970]);
  expect(cost).toBeGreaterThan(0);
});

test("a compaction that names no tokens is charged for what can be seen of it", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("new", counted);
  scene.fake.next("acct-a", refuses(200, { output: [] }));
  await scene.ask({ path: compact, key: secret, body: asked });
  const [requests, tokens] = await usedOf(scene, secret);
  expect(requests).toBe(1);
  expect(tokens).toBeGreaterThan(2_048);
});

const unnamed: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["an empty object", {}],
  ["a negative number and half a token", { input_tokens: -5, output_tokens: 0.5 }],
  ["a number that is too large and a text", { input_tokens: 1e300, output_tokens: "7" }],
];

describe("a whole answer that says of its tokens", () => {
  const answered = (usage: unknown) => {
    const { response } = completed();
    return streams(created(), { ...completed(), response: { ...response, usage } });
  };

  test.each(unnamed)(
    "%s is charged like one that was cut, never as free, and the log goes on",
    async (_, usage) => {
      const scene = await GatewayScene.open(["a"]);
      const { secret } = await scene.key("new", counted);
      scene.fake.next("acct-a", answered(usage));
      await scene.ask({ path: "/v1/responses", key: secret, body: { ...asked, stream: true } });
      const [requests, tokens, cost] = await usedOf(scene, secret);
      expect(requests).toBe(1);
      expect(tokens).toBeGreaterThan(2_048);
      expect(cost).toBeGreaterThan(0);
      await scene.gateway.close();
      const [row] = await scene.database.query(`select output_tokens from requests`);
      expect(row).toEqual({ output_tokens: 2_048 });
    },
  );

  test("only one of the two numbers is charged for that one", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("new", counted);
    scene.fake.next("acct-a", answered({ input_tokens: 7 }));
    await scene.ask({ path: "/v1/responses", key: secret, body: { ...asked, stream: true } });
    expect((await usedOf(scene, secret)).slice(0, 2)).toEqual([1, 7]);
  });

  test("nothing, because it failed, is charged as a request", async () => {
    const scene = await GatewayScene.open(["a"]);
    const { secret } = await scene.key("new", counted);
    const failed = { type: "response.failed", response: { error: { code: "cyber_policy", message: "no" } } };
    scene.fake.next("acct-a", streams(created(), failed));
    await scene.ask({ path: "/v1/responses", key: secret, body: { ...asked, stream: true } });
    expect((await usedOf(scene, secret)).slice(0, 2)).toEqual([1, 0]);
  });
});

test("chat gives an answer whose connection was lost just behind its end", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("new", counted);
  scene.fake.next("acct-a", (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(goodStream(), () => response.socket?.destroy());
  });
  const body = { model: "gpt-6-sol", messages: [{ role: "user", content: "hello" }] };
  const answer = await scene.ask({ path: "/v1/chat/completions", key: secret, body });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ choices: [{ finish_reason: "stop" }] });
  expect((await usedOf(scene, secret))[1]).toBeLessThan(100);
});
