// A backend of many long streams. Checks that each request carries the credentials of one account; sends its port, and
// on every message what it has seen.
import { createServer } from "node:http";

const seen = { requests: 0, finished: 0, mixUps: 0, tokens: 0, open: 0 };
const sse = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

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
  await stream(response, id, JSON.parse(body));
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

async function stream(response, id, { events, everyMs, tokens }) {
  response.writeHead(200, { "content-type": "text/event-stream", "x-codex-turn-state": `state-of-${id}` });
  response.write(sse("response.created", { response: { id: `resp_${tokens}` } }));
  for (let at = 0; at < events; at += 1) {
    response.write(sse("response.output_text.delta", { delta: `${id} `.repeat(10) }));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  const usage = { input_tokens: tokens, output_tokens: 1 };
  response.end(sse("response.completed", { response: { id: `resp_${tokens}`, usage } }));
  seen.finished += 1;
  seen.tokens += tokens;
}

process.on("message", () => process.send(seen));
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
