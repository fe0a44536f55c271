// A backend of many long streams, of which some fail. Checks that each request carries the credentials of one account;
// sends its port, and on every message what it has seen. Usage: node stream-backend.mjs [percent that fails]
import { createServer } from "node:http";
import { eventsOf } from "./stream-text.mjs";

const percent = Number(process.argv[2] ?? 0);
const seen = { requests: 0, failed: 0, cut: 0, mixUps: 0, tokens: 0, open: 0 };

const server = createServer(async (request, response) => {
  const id = String(request.headers["chatgpt-account-id"]);
  if (request.url.endsWith("/accounts/check")) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ accounts: [{ id, account_routing_override: `route-${id}` }] }));
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  seen.requests += 1;
  seen.open += 1;
  response.once("close", () => (seen.open -= 1));
  if (!isOneAccount(id, request.headers)) seen.mixUps += 1;
  const failure = nextFailure();
  if (failure === null) return await stream(response, id, JSON.parse(body));
  if (failure !== cutLate) seen.failed += 1;
  failure(response, id, JSON.parse(body));
});

function isOneAccount(id, headers) {
  const claims = JSON.parse(Buffer.from(headers.authorization.split(".")[1], "base64url").toString());
  const state = headers["x-codex-turn-state"];
  return (
    claims["https://api.openai.com/auth"].chatgpt_account_id === id &&
    headers["x-openai-account-routing-override"] === `route-${id}` &&
    (state === undefined || state === `state-of-${id}`)
  );
}

const headersOf = (id) => ({ "content-type": "text/event-stream", "x-codex-turn-state": `state-of-${id}` });

async function stream(response, id, asked) {
  response.writeHead(200, headersOf(id));
  const [first, ...events] = eventsOf(id, asked);
  const last = events.pop();
  response.write(first);
  for (const event of events) {
    response.write(event);
    await new Promise((resolve) => setTimeout(resolve, asked.everyMs));
  }
  seen.tokens += asked.tokens;
  response.end(last);
}

const refuse =
  (status, code, headers = {}) =>
  (response) =>
    response.writeHead(status, headers).end(JSON.stringify({ error: { code, type: code, message: code } }));
const reset = (response) => response.socket.resetAndDestroy();
const failEarly = (response, id) => {
  const error = { code: "server_error", message: "server_error" };
  const event = { type: "response.failed", response: { id: "resp_f", status: "failed", error } };
  response.writeHead(200, headersOf(id)).end(`data: ${JSON.stringify(event)}\n\n`);
};
const cutEarly = (response, id, asked) => {
  response.writeHead(200, headersOf(id));
  response.write(eventsOf(id, asked)[0], () => reset(response));
};
/** In the middle of an event, after the client has seen some. */
async function cutLate(response, id, asked) {
  seen.cut += 1;
  response.writeHead(200, headersOf(id));
  const [first, second, third, fourth] = eventsOf(id, asked);
  response.write(first + second + third);
  await new Promise((resolve) => setTimeout(resolve, 300));
  response.write(fourth.slice(0, 40), () => reset(response));
}

const failures = [
  refuse(500, "server_error"),
  reset,
  refuse(503, "server_is_overloaded"),
  failEarly,
  refuse(429, "rate_limit_exceeded"),
  cutEarly,
  refuse(502, "upstream_error"),
  refuse(429, "rate_limit_exceeded", { "retry-after": "1" }),
  cutLate,
];
let due = 0;
let turn = 0;

/** So many of a hundred, one kind after the other. */
function nextFailure() {
  due += percent / 100;
  if (due < 1) return null;
  due -= 1;
  turn += 1;
  return failures[turn % failures.length];
}

process.on("message", () => process.send(seen));
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
