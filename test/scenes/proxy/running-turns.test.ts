import { expect, test } from "vitest";
import {
  completed,
  created,
  delta,
  fails,
  itemDone,
  type Scene,
  sse,
} from "../../support/openai/responses.ts";
import { ProxyScene } from "../../support/proxy-scene.ts";

const nowSec = Math.floor(Date.now() / 1000);

function used(percent: number): Record<string, string> {
  return {
    "content-type": "text/event-stream",
    "x-codex-primary-used-percent": String(percent),
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": String(nowSec + 3600),
  };
}

const callItem = { type: "function_call", name: "shell", call_id: "call_1", arguments: "{}" };
const callDone = { type: "response.output_item.done", output_index: 0, item: callItem };
const answer = sse(created(), delta("hel"), itemDone(), completed());
const toolCall = sse(created(), callDone, completed());

const says =
  (text: string, percent: number): Scene =>
  (response) =>
    void response.writeHead(200, used(percent)).end(text);

/** The request of one conversation, as Codex sends it. */
function turn(scene: ProxyScene, name: string, turnId = name) {
  const metadata = { "x-codex-turn-metadata": JSON.stringify({ turn_id: turnId }) };
  return scene.begin({ headers: { "thread-id": name, "session-id": name, ...metadata } });
}

// Ended runs counted as running for two minutes: an unused account refused the seventh.
test("thirty runs in a row on one account are all served", async () => {
  const scene = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  const statuses: number[] = [];
  for (let run = 0; run < 30; run += 1) {
    scene.fake.next("acct-a", says(toolCall, run * 3), says(answer, run * 3 + 1));
    for (let request = 0; request < 2; request += 1)
      statuses.push((await turn(scene, `run-${run}`).answer).status);
  }
  expect(statuses).toEqual(Array.from({ length: 60 }, () => 200));
});

// All went to one of five, because busy was booked with the first event; then 938 of 1,342 were refused.
test.each([
  ["forty conversations", (index: number) => ({ "thread-id": `t${index}`, "session-id": `t${index}` })],
  ["forty requests without a conversation", () => ({ "thread-id": "", "session-id": "" })],
])("%s at once are spread over five unused accounts, and none is refused", async (_, headers) => {
  const scene = await ProxyScene.open(["a", "b", "c", "d", "e"]);
  const waiting: (() => void)[] = [];
  for (const name of await scene.order())
    scene.fake.always(
      name,
      (response) => void waiting.push(() => response.writeHead(200, used(1)).end(answer)),
    );
  const all = Array.from({ length: 40 }, (_, index) => scene.post({ headers: headers(index) }));
  await scene.fake.arrival(40);
  for (const release of waiting) release();
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
  const names = await scene.order();
  const shares = names.map((name) => scene.fake.asked.filter((each) => each === name).length);
  expect(shares).toEqual([8, 8, 8, 8, 8]);
});

test("forty conversations of many turns on five unused accounts see no refusal", async () => {
  const scene = await ProxyScene.open(["a", "b", "c", "d", "e"], { limits: { holdMs: 10 } });
  const shares = new Map<string, number>();
  for (const name of await scene.order()) {
    scene.fake.always(name, (response, { body }) => {
      const share = (shares.get(name) ?? 0) + 1;
      shares.set(name, share);
      const text = body.toString() === "tool" ? toolCall : answer;
      setTimeout(() => void response.writeHead(200, used(Math.floor(share / 10))).end(text), 5);
    });
  }
  const refused: number[] = [];
  const converse = async (name: string) => {
    for (let at = 0; at < 30; at += 1) {
      const metadata = JSON.stringify({ turn_id: `${name}-${Math.floor(at / 3)}` });
      const headers = { "thread-id": name, "session-id": name, "x-codex-turn-metadata": metadata };
      const { status } = await scene.post({ headers, body: at % 3 === 2 ? "{}" : "tool" });
      if (status !== 200) refused.push(status);
    }
  };
  await Promise.all(Array.from({ length: 40 }, (_, index) => converse(`t${index}`)));
  expect(refused).toEqual([]);
  expect(Math.max(...shares.values()) - Math.min(...shares.values())).toBeLessThan(100);
});

/** One account, nearly used up, on which a first turn was begun. */
async function nearlyUsed(first: Scene) {
  const scene = await ProxyScene.open(["a"], { limits: { holdMs: 10 } });
  scene.fake.next("acct-a", says(answer, 96));
  expect((await turn(scene, "0").answer).status).toBe(200);
  scene.fake.next("acct-a", first);
  return scene;
}

test("what is left is kept for a turn in flight, and the refusal says so", async () => {
  let end: () => void = () => undefined;
  const scene = await nearlyUsed((response) => {
    response.writeHead(200, used(96)).write(sse(created(), delta("hel")));
    end = () => void response.end(sse(itemDone(), completed()));
  });
  const running = turn(scene, "1");
  await running.firstByte;
  const refused = await turn(scene, "2").answer;
  const { error } = JSON.parse(refused.text);
  const refill = new Date((nowSec + 3600) * 1000);
  const clock = `${String(refill.getHours()).padStart(2, "0")}:${String(refill.getMinutes()).padStart(2, "0")}`;
  // In the last hour of a day that is tomorrow.
  const isToday = refill.getDate() === new Date().getDate();
  const day = isToday ? "" : `${refill.toLocaleDateString("en-US", { weekday: "short" })} `;
  const text = `What is left is kept for the turn that runs; next refill ${day}${clock}.`;
  expect([refused.status, error.reason, error.message]).toEqual([429, "reserved", text]);
  expect(refused.headers["x-codex-promo-message"]).toBe(`${text} Run: codex auth rotation status`);
  expect(error.resets_at - Date.now() / 1000).toBeLessThanOrEqual(121);
  expect(scene.proxy.status()).toMatchObject({ deferred: 1, accounts: [{ state: "ready" }] });
  end();
  await running.answer;
  expect((await turn(scene, "2").answer).status).toBe(200);
  expect(scene.proxy.status().deferred).toBe(1);
});

test.each([
  ["asked for a tool", 429, says(toolCall, 96)],
  ["asked for a tool in another spelling", 429, says(toolCall.replaceAll('"type":', '"type" : '), 96)],
  [
    "asked for a tool of its own kind",
    429,
    says(toolCall.replaceAll("function_call", "custom_tool_call"), 96),
  ],
  ["told all of its output at the end", 429, says(sse(created(), delta("x"), endWith([callItem])), 96)],
  ["was an answer", 200, says(answer, 96)],
  ["speaks of calls", 200, says(sse(created(), delta('"type":"function_call"'), completed()), 96)],
  ["searched the web itself", 200, says(toolCall.replaceAll("function_call", "web_search_call"), 96)],
  ["failed", 200, says(sse(created(), delta("x"), fails("context_length_exceeded")), 96)],
])("a turn whose last answer %s: a new one gets %d", async (_, status, first) => {
  const scene = await nearlyUsed(first);
  expect((await turn(scene, "1").answer).status).toBe(200);
  expect((await turn(scene, "2").answer).status).toBe(status);
  expect((await turn(scene, "1").answer).status).toBe(200);
});

function endWith(output: readonly object[]): object {
  const { type, response } = completed();
  return { type, response: { ...response, output } };
}

test("a call of a tool is seen wherever its packets were cut", async () => {
  const at = toolCall.indexOf('"function_call"');
  for (let cut = at - 8; cut < at + 16; cut += 1) {
    const scene = await nearlyUsed(async (response) => {
      response.writeHead(200, used(96)).write(toolCall.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 5));
      response.end(toolCall.slice(cut));
    });
    expect((await turn(scene, "1").answer).text).toBe(toolCall);
    expect([cut - at, (await turn(scene, "2").answer).status]).toEqual([cut - at, 429]);
  }
});

test("a turn waits two minutes for its tool, and no longer", async () => {
  let nowMs = Date.now();
  const scene = await ProxyScene.open(["a"], { now: () => nowMs, limits: { holdMs: 10 } });
  scene.fake.next("acct-a", says(answer, 96), says(toolCall, 96));
  for (const name of ["0", "1"]) expect((await turn(scene, name).answer).status).toBe(200);
  nowMs += 119_000;
  expect((await turn(scene, "2").answer).status).toBe(429);
  nowMs += 2000;
  expect((await turn(scene, "2").answer).status).toBe(200);
});

test("a client that names no turn runs one from a call of a tool to its answer", async () => {
  const scene = await nearlyUsed(says(toolCall, 96));
  const plain = () => scene.post({ headers: { "thread-id": "1", "session-id": "1" } });
  scene.fake.next("acct-a", says(toolCall, 96), says(answer, 96));
  for (const expected of [429, 429, 200]) {
    expect((await plain()).status).toBe(200);
    expect((await turn(scene, "2", "t2").answer).status).toBe(expected);
  }
});
