import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What answers in OpenAI's place while the demo runs. */
export interface DemoBackend {
  readonly origin: string;
  close(): Promise<void>;
}

export const demoModels = ["gpt-6-sol", "gpt-6-luna"] as const;
const words = "Hello from the demo: nobody was asked, and nothing was spent.";

/** On loopback, for this process alone; it knows a turn, the models, and nothing else. */
export async function startDemoBackend(): Promise<DemoBackend> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const _ of request);
  const path = (request.url ?? "").replace(/\?.*/, "");
  if (path.endsWith("/codex/responses")) {
    const text = turn()
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join("");
    return void response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
  }
  const isList = path.endsWith("/codex/models");
  const document = isList ? { models: demoModels.map((slug) => ({ slug })) } : { detail: "Not Found" };
  response.writeHead(isList ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify(document));
}

function turn() {
  const response = { id: "resp_demo", object: "response", model: demoModels[0] };
  const content = [{ type: "output_text", text: words, annotations: [] }];
  const item = { type: "message", id: "msg_demo", status: "completed", role: "assistant", content };
  const details = {
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  const usage = { input_tokens: 1_200, output_tokens: 340, total_tokens: 1_540, ...details };
  return [
    { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
    { type: "response.output_text.delta", item_id: item.id, output_index: 0, content_index: 0, delta: words },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { ...response, status: "completed", output: [item], usage } },
  ];
}
