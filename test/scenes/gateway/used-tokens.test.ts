import { expect, test } from "vitest";
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

test("numbers of tokens that cannot be are not counted, and the log goes on", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret } = await scene.key("new", counted);
  for (const usage of [
    { input_tokens: -5, output_tokens: 0.5 },
    { input_tokens: 1e300, output_tokens: "7" },
  ]) {
    const { response } = completed();
    scene.fake.next("acct-a", streams(created(), { ...completed(), response: { ...response, usage } }));
    await scene.ask({ path: "/v1/responses", key: secret, body: { ...asked, stream: true } });
  }
  const [requests, tokens] = await usedOf(scene, secret);
  expect([requests, tokens]).toEqual([2, 0]);
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
