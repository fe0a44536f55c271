// What Chat Completions cost beside the Responses API of the same gateway, with the same key and in front of the same
// backend, and how fast 52 MB of events come through, beside a direct connection and a bare forwarder of node:http, which
// is the least that any server between costs. The ways take turns in one run, and medians of what neighbours show are
// told, because machines are noisy; so this is no test.
// Usage: npm run build && npm run bench:gateway-chat [rounds]
import { fork } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Client, keyTurn } from "./proxy/client.mjs";
import { openScene } from "./proxy/scene.mjs";
import { inTurn, median } from "./run/rounds.mjs";

const rounds = Number(process.argv[2] ?? 5);
const scene = await openScene("backend.mjs", 5);
const backend = `http://127.0.0.1:${scene.backendPort}/backend-api`;
const script = new URL("proxy/served-gateway.mjs", import.meta.url);
const child = fork(script, [scene.root, backend, join(scene.root, "gateway.db")]);
const [{ port, limited, unlimited }] = await once(child, "message");
const ways = [
  { name: "direct", port: scene.backendPort, turn: codexTurn("") },
  { name: "bare", port: scene.forwarderPort, turn: codexTurn("") },
  { name: "responses, unlimited", port, turn: codexTurn(unlimited) },
  { name: "chat, unlimited", port, turn: chatTurn(unlimited) },
  { name: "responses, limited", port, turn: codexTurn(limited) },
  { name: "chat, limited", port, turn: chatTurn(limited) },
];

console.log(`load of the machine ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}`);
const latencies = await inTurn(ways, rounds, latency);
const seconds = await inTurn(ways, rounds, stream);
console.log(
  "                      p50, ms   added by chat    goal     52 MB, s   of direct     goal   of bare",
);
for (const [at, { name }] of ways.entries()) {
  const isChat = name.startsWith("chat");
  const added = isChat ? median(latencies.map((each) => each[at] - each[at - 1])).toFixed(3) : "";
  const ratioTo = (to) => (at <= to ? "" : median(seconds.map((each) => each[to] / each[at])).toFixed(2));
  const cells = [
    [median(latencies.map((each) => each[at])).toFixed(3), 9],
    [added, 16],
    [isChat ? 0.3 : "", 8],
    [median(seconds.map((each) => each[at])).toFixed(2), 13],
    [ratioTo(0), 12],
    [at < 2 ? "" : 0.6, 9],
    [ratioTo(1), 10],
  ];
  console.log(name.padEnd(20) + cells.map(([text, width]) => String(text).padStart(width)).join(""));
}
child.send("end");
await once(child, "message");
await scene.close();
process.exit(0);

function codexTurn(secret) {
  const more = [`authorization: Bearer ${secret}`];
  return (extra = []) => keyTurn({ path: "/backend-api/codex", more: [...more, ...extra] }, 2048);
}

/** As the openai SDK asks: a stream with its tokens at the end. */
function chatTurn(secret) {
  const body = JSON.stringify({
    model: "gpt-6-sol",
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "x".repeat(1900) },
    ],
  });
  return (extra = []) => {
    const lines = [
      "POST /v1/chat/completions HTTP/1.1",
      "host: 127.0.0.1",
      "user-agent: OpenAI/JS 7.59.0",
      "accept: application/json",
      "content-type: application/json",
      `content-length: ${body.length}`,
      `authorization: Bearer ${secret}`,
      ...extra,
    ];
    return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
  };
}

async function latency(way) {
  const client = await Client.open(way.port);
  const bytes = way.turn();
  const times = [];
  for (let run = 0; run < 300; run += 1) {
    const start = performance.now();
    await client.ask(bytes);
    if (run >= 50) times.push(performance.now() - start);
  }
  client.close();
  return median(times);
}

async function stream(way) {
  const client = await Client.open(way.port);
  const start = performance.now();
  const count = await client.ask(way.turn(["x-bench: big"]));
  const passed = (performance.now() - start) / 1000;
  client.close();
  if (count < 50e6) throw new Error(`${way.name}: only ${count} bytes came.`);
  return passed;
}
