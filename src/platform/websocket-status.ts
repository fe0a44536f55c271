import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";

// 16 bytes in base64, as the protocol asks; the answer is not used.
const key = "Y29kZXgtYXV0aCBwcm9iZQ==";

type Request = (url: string, options: RequestOptions) => ClientRequest;

/** Asks for a WebSocket without credentials, and returns the status of the answer; 101 when it was opened. Rejects when there is none. */
export async function websocketStatus(
  url: string,
  timeoutMs: number,
  agent: Agent | null = null,
): Promise<number> {
  const { request } = (url.startsWith("https:") ? await import("node:https") : await import("node:http")) as {
    request: Request;
  };
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": key,
  };
  return await new Promise((resolve, reject) => {
    const asking = request(url, { headers, signal, agent: agent ?? false });
    const take = (response: IncomingMessage) => {
      response.socket.destroy();
      resolve(response.statusCode ?? 0);
    };
    asking.once("response", take).once("upgrade", take);
    asking.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    asking.end();
  });
}
