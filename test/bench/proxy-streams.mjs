// A thousand streams at once for a minute through the rotation proxy, of which some fail at upstream: is its memory flat,
// does every request carry one account's credentials, does every byte arrive, do the counts add up, is nothing left open,
// and how long does a client wait for its first byte?
// Usage: npm run build && node test/bench/proxy-streams.mjs [streams] [seconds] [percent that fails]
import { Agent, request } from "node:http";
import { openScene } from "./proxy/scene.mjs";
import { shapeOf } from "./proxy/stream-text.mjs";

const streams = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 60);
const failing = Number(process.argv[4] ?? 0);
const { url, used, seen, close } = await openScene("stream-backend.mjs", 5, [String(failing)]);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const mine = { sent: 0, whole: 0, cut: 0, torn: 0, refused: 0, wrong: 0, tokens: 0 };
const firstByteMs = [];

const idle = await used();
const endMs = Date.now() + seconds * 1000;
const samples = [];
const timer = setInterval(async () => samples.push((await used()).rssMb), 1000);
await Promise.all(Array.from({ length: streams }, (_, index) => converse(index)));
clearInterval(timer);
agent.destroy();
// The last answers are written down, and idle connections to the backend stay for the next request.
await new Promise((resolve) => setTimeout(resolve, 4000));

const backend = await seen();
const settled = await used();
const end = await close();
const served = end.accounts.reduce((sum, { served }) => sum + served, 0);
const tokens = end.accounts.reduce((sum, { tokens }) => sum + tokens.input, 0);
const half = samples.slice(Math.floor(samples.length / 2));
console.log(`${streams} streams for ${seconds} s, ${failing} % fail: ${mine.sent} requests`);
firstByteMs.sort((a, b) => a - b);
console.log(
  `first byte ms       median ${share(0.5)}, 95 % ${share(0.95)}, 99 % ${share(0.99)}, last ${share(1)}`,
);
console.log(
  `resident MB         idle ${idle.rssMb.toFixed(0)}, every 5 s ${every(samples, 5)}, peak ${end.maxRssMb.toFixed(0)}`,
);
console.log(`slope               ${slope(half).toFixed(3)} MB a second in the second half`);
console.log(
  `sent, whole, cut    ${mine.sent}, ${mine.whole}, ${mine.cut}; torn ${mine.torn}, refused ${mine.refused}; wrong account ${mine.wrong} here, ${backend.mixUps} at the backend`,
);
console.log(
  `backend, proxy      ${backend.requests}, ${backend.failed} failed, ${backend.cut} cut; ${served} served; tokens ${mine.tokens}, ${backend.tokens}, ${tokens}`,
);
console.log(
  `left                ${settled.inFlight} in flight, ${backend.open} streams; after the end ${end.sockets} sockets, ${end.timers} timers`,
);
const isRight =
  mine.sent === mine.whole + mine.cut &&
  mine.cut === backend.cut &&
  mine.sent === served &&
  served === backend.requests - backend.failed &&
  tokens === mine.tokens;
const isClean =
  mine.torn +
    mine.refused +
    mine.wrong +
    backend.mixUps +
    settled.inFlight +
    backend.open +
    end.sockets +
    end.timers ===
  0;
console.log(isRight && isClean ? "right" : "WRONG");
process.exit(isRight && isClean ? 0 : 1);

async function converse(index) {
  let state;
  while (Date.now() < endMs) state = await turn(index, state);
}

function turn(index, state) {
  mine.sent += 1;
  const number = (mine.sent % 1000) + 1;
  const asked = { events: 20 + (index % 20), everyMs: 100, tokens: number };
  const headers = {
    "user-agent": "codex_exec/0.169.0",
    "content-type": "application/json",
    "thread-id": `t${index}`,
    "session-id": `t${index}`,
    ...(state ? { "x-codex-turn-state": state } : {}),
  };
  return new Promise((resolve, reject) => {
    const sentMs = performance.now();
    const post = request({
      host: url.hostname,
      port: url.port,
      path: `${url.pathname}/responses`,
      method: "POST",
      headers,
      agent,
    });
    post.once("error", reject);
    post.once("response", (response) => {
      let text = "";
      response.once("data", () => firstByteMs.push(performance.now() - sentMs));
      response.setEncoding("utf8").on("data", (piece) => (text += piece));
      response.once("end", () => {
        const told = response.headers["x-codex-turn-state"];
        judge(response.statusCode, text, { told, asked });
        resolve(told ?? state);
      });
    });
    post.end(JSON.stringify({ ...asked, pad: "x".repeat(4000) }));
  });
}

function judge(status, text, { told, asked }) {
  if (status !== 200) {
    mine.refused += 1;
    return;
  }
  const ids = new Set([...text.matchAll(/acct-\d+/g)].map(([name]) => name));
  const [id = ""] = ids;
  if (ids.size !== 1 || told !== `state-of-${id}`) mine.wrong += 1;
  const shape = shapeOf(text, id, asked);
  mine[shape] += 1;
  if (shape === "whole") mine.tokens += asked.tokens;
}

function share(part) {
  return (firstByteMs[Math.ceil(part * firstByteMs.length) - 1] ?? NaN).toFixed(1);
}

function every(values, step) {
  return values
    .filter((_, at) => at % step === 0)
    .map((value) => value.toFixed(0))
    .join(" ");
}

/** Of a straight line through the values, per step. */
function slope(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const middle = (values.length - 1) / 2;
  let above = 0;
  let below = 0;
  for (const [at, value] of values.entries()) {
    above += (at - middle) * (value - mean);
    below += (at - middle) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
