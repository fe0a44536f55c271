import { OutgoingMessage } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { completed, created, delta, type Scene, sse } from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const accounts = ["a", "b", "c", "d", "e"];
const conversations = 200;
const turns = 3;

/** Tells in pieces who is answering, and what it cost: the number in the body. */
const tells: Scene = async (response, { accountId, body }) => {
  const tokens = Number(body);
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "x-codex-turn-state": `state-of-${accountId}-${tokens}`,
  });
  for (let at = 0; at < 10; at += 1) {
    response.write(sse(at === 0 ? created() : delta(`${accountId} ${tokens} ${at}`)));
    await new Promise((resolve) => setTimeout(resolve, 10 + ((tokens * 7 + at) % 20)));
  }
  const { response: end, type } = completed(`resp_${tokens}`);
  const usage = { input_tokens: tokens, input_tokens_details: { cached_tokens: 1 }, output_tokens: 2 };
  response.end(sse({ type, response: { ...end, usage } }));
};

test("two hundred conversations at once: no mix-up of credentials, and the counts add up", async () => {
  const scene = await ProxyScene.open(accounts);
  const tokens = new Map<string, string>();
  for (const each of await scene.order()) {
    scene.fake.always(each, tells);
    scene.fake.workspaces.set(each, { account_routing_override: `route-${each}` });
    tokens.set(each, (await scene.accountOf(each)).login.accessToken);
  }
  const problems: string[] = [];
  const converse = async (index: number) => {
    const ids = { "thread-id": `t${index}`, "session-id": `t${index}` };
    let state: string | undefined;
    for (let turn = 0; turn < turns; turn += 1) {
      const body = String(index * turns + turn + 1);
      const answer = await scene.post({
        body,
        headers: state ? { ...ids, "x-codex-turn-state": state } : ids,
      });
      const said = /^state-of-(.*)-\d+$/.exec(String(answer.headers["x-codex-turn-state"]))?.[1];
      const texts = [...answer.text.matchAll(/"delta":"(\S+) (\d+) \d"/g)];
      const isOne = texts.length === 9 && texts.every(([, who, what]) => who === said && what === body);
      if (answer.status !== 200 || answer.isCut || !isOne) problems.push(`${body}: ${answer.status} ${said}`);
      state = String(answer.headers["x-codex-turn-state"]);
    }
  };
  await Promise.all(Array.from({ length: conversations }, (_, index) => converse(index)));
  expect(problems).toEqual([]);

  for (const { headers, accountId, token } of scene.fake.received) {
    const state = headers["x-codex-turn-state"];
    const isOwn = state === undefined || String(state).startsWith(`state-of-${accountId}-`);
    const isRouted = headers["x-openai-account-routing-override"] === `route-${accountId}`;
    if (token !== tokens.get(accountId) || !isOwn || !isRouted)
      problems.push(`${accountId} ${String(state)}`);
  }
  expect(problems).toEqual([]);

  const total = conversations * turns;
  expect(scene.fake.received.length).toBe(total);
  const { accounts: counted, inFlight, problem } = scene.proxy.status();
  const sum = (of: (account: (typeof counted)[number]) => number) =>
    counted.reduce((all, each) => all + of(each), 0);
  expect({
    inFlight,
    problem,
    served: sum(({ served }) => served),
    failedOver: sum(({ failedOver }) => failedOver),
    still: sum(({ inFlight }) => inFlight),
    input: sum((each) => each.tokens.input),
    cached: sum((each) => each.tokens.cachedInput),
    output: sum((each) => each.tokens.output),
  }).toEqual({
    inFlight: 0,
    problem: null,
    served: total,
    failedOver: 0,
    still: 0,
    input: (total * (total + 1)) / 2,
    cached: total,
    output: total * 2,
  });
  for (const { served } of counted) expect(served).toBeGreaterThan(total / 10);
});

/** Watches the responses of this process: how often each was still corked when it was ended. */
function watchCorks(): () => number[] {
  const [cork, uncork, end] = (["cork", "uncork", "end"] as const).map((name) =>
    vi.spyOn(OutgoingMessage.prototype, name),
  );
  onTestFinished(() => void vi.restoreAllMocks());
  const times = (spy: typeof cork, message: unknown, before: number) =>
    spy?.mock.contexts.filter((each, at) => each === message && spy.mock.invocationCallOrder[at]! < before)
      .length ?? 0;
  return () =>
    end!.mock.contexts.map((message, at) => {
      const order = end!.mock.invocationCallOrder[at]!;
      return times(cork, message, order) - times(uncork, message, order);
    });
}

// Node 22 and 24 lose what is corked when the end comes: the client got the first event of the stream, and no more.
test.each([
  ["ends well", [completed()]],
  ["just ends", []],
])(
  "a stream that is read before it is passed on, and %s: the response is open when it ends",
  async (_, last) => {
    const scene = await ProxyScene.open(["a"]);
    scene.fake.always("acct-a", async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(sse(created()));
      await new Promise((resolve) => setTimeout(resolve, 20));
      response.end(sse(delta("x"), ...last));
    });
    const corksAtEnd = watchCorks();
    const { text } = await scene.post();
    expect(text).toBe(sse(created(), delta("x"), ...last));
    expect(corksAtEnd().filter((corks) => corks > 0)).toEqual([]);
  },
);
