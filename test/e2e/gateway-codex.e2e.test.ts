import { expect, test } from "vitest";
import { completed, created, errorBody, itemDone, refuses } from "../support/openai/responses.ts";
import { type Hears, serveSockets } from "../support/web-socket.ts";
import { codexVersion, type Run } from "./support/codex.ts";
import { RealGateway } from "./support/gateway-scene.ts";

// What a person with nothing but a key of the gateway sees in Codex.

const ways = [
  ["over HTTP", false],
  ["over a WebSocket", true],
] as const;

/** The lines that Codex shows its user; it says the last one twice. */
function shown({ stderr }: Run): string[] {
  const lines = stderr.split("\n").filter((line) => /^ERROR: |Reconnecting/.test(line));
  return [...new Set(lines)];
}

const inTwoHours = Math.floor(Date.now() / 1000) + 7200;
const limit = errorBody("usage_limit_reached", { resets_at: inTwoHours });

async function sceneOf(names: readonly string[] = ["a"], ...events: readonly object[]) {
  const scene = await RealGateway.open(names);
  scene.upstream.servesModels = true;
  const heard: { type: string; [field: string]: unknown }[] = [];
  const hears: Hears = (message, talk) => {
    heard.push(message);
    const answer = events.length > 0 ? events : [created(), itemDone(), completed()];
    if (message.type === "response.create") for (const event of answer) talk.send(event);
  };
  serveSockets(scene.upstream, new Map([["acct-a", hears]]));
  /** What reached OpenAI: requests over HTTP and messages of WebSockets. */
  const reached = () => scene.upstream.received.length + heard.length;
  return { scene, heard, reached };
}

test.each(ways)("a turn %s, with a key alone and no login", async (_, webSocket) => {
  const { scene, heard } = await sceneOf();
  const secret = await scene.key("ci", ["--limit", "requests=5/5h"]);
  const run = await scene.turn(secret, { webSocket });
  expect(run).toMatchObject({ status: 0, stdout: "hello\n" });
  expect(shown(run)).toEqual([]);
  expect(scene.upstream.received).toHaveLength(webSocket ? 0 : 1);
  // On a WebSocket Codex warms up first, which is no request of the key.
  expect(heard.map(({ generate }) => generate)).toEqual(webSocket ? [false, undefined] : []);
  expect(await scene.used("ci")).toBe(1);
});

test.each(ways)("a limit that is used up %s: asked once, and the time is shown", async (_, webSocket) => {
  const { scene, reached } = await sceneOf();
  const secret = await scene.key("ci", ["--limit", "requests=0/day"]);
  const run = await scene.turn(secret, { webSocket });
  expect(run.status).toBe(1);
  expect(shown(run)).toEqual([
    expect.stringMatching(
      /^ERROR: You.ve hit your usage limit\. Ask whoever runs this gateway for more than requests=0\/day, or try again at .*\.$/,
    ),
  ]);
  expect(reached()).toBe(0);
});

test.each(ways)(
  "a model that the key may not use %s: asked once, and our text is shown",
  async (_, webSocket) => {
    const { scene, reached } = await sceneOf();
    const secret = await scene.key("ci", ["--model", "gpt-6-luna"]);
    const run = await scene.turn(secret, { webSocket });
    expect(run.status).toBe(1);
    expect(shown(run)).toEqual(["ERROR: This API key may not use the model gpt-6-sol. (model_not_allowed)"]);
    expect(reached()).toBe(0);
  },
);

test.each(ways)("a revoked key %s: asked once, and our text is shown", async (_, webSocket) => {
  const { scene, reached } = await sceneOf();
  const secret = await scene.key("ci");
  await scene.done(["gateway", "key", "revoke", "ci"]);
  const run = await scene.turn(secret, { webSocket });
  expect(run.status).toBe(1);
  expect(shown(run)).toEqual(["ERROR: This API key was revoked. (invalid_api_key)"]);
  expect(reached()).toBe(0);
});

test.each(ways)("all accounts limited %s: asked once, and the time is shown", async (_, webSocket) => {
  const { scene, reached } = await sceneOf(["a"], { type: "error", status: 429, ...limit });
  scene.upstream.always("acct-a", refuses(429, limit));
  const secret = await scene.key("ci");
  const run = await scene.turn(secret, { webSocket });
  expect(run.status).toBe(1);
  expect(shown(run)).toEqual([
    expect.stringMatching(
      /^ERROR: You.ve hit your usage limit\. Ask whoever runs this gateway to look at its accounts, or try again at .*\.$/,
    ),
  ]);
  expect(reached()).toBe(1);
});

test("a pool without accounts: asked once", async () => {
  const { scene } = await sceneOf([]);
  const run = await scene.turn(await scene.key("ci"));
  expect(run.status).toBe(1);
  expect(shown(run)).toEqual([
    expect.stringContaining("Ask whoever runs this gateway to look at its accounts"),
  ]);
});

// The oldest Codex knows no WebSockets, and asks six times after a 400 whatever it says.
test.runIf(codexVersion === "0.171.0")(
  "Codex 0.63.0: a turn, a limit with its time, and a refusal",
  async () => {
    const { scene, reached } = await sceneOf();
    const version = "0.63.0";
    const open = await scene.key("open");
    expect(await scene.turn(open, { version })).toMatchObject({ status: 0, stdout: "hello\n" });
    const limited = await scene.turn(await scene.key("ci", ["--limit", "requests=0/day"]), { version });
    expect(shown(limited)).toEqual([
      expect.stringMatching(/^ERROR: You've hit your usage limit\. Try again at .*\.$/),
    ]);
    const refused = await scene.turn(await scene.key("luna", ["--model", "gpt-6-luna"]), { version });
    expect(shown(refused).at(-1)).toContain(
      "This API key may not use the model gpt-6-sol. (model_not_allowed)",
    );
    expect(reached()).toBe(1);
  },
);
