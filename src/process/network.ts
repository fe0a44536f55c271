import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { namedCertificates, namesProxy, type Env } from "../codex/environment.ts";
import type { Fetch } from "../openai/backend.ts";
import type { NodeAgents } from "./agents.ts";

/** The ways to OpenAI that the environment names. */
interface Network {
  /**
   * By the proxies and certificates that the environment names for Codex; Node's own fetch knows none of them. Where it
   * names some, no redirect is followed, and what needs no proxy goes out directly, whatever NODE_USE_ENV_PROXY says. Where one
   * is named that cannot be used, nothing is reached.
   */
  fetch: Fetch;
  /** What makes connections in the same way. */
  agents: () => Promise<NodeAgents>;
}

export function networkIn(env: Env): Network {
  // The certificates are read once, and only when something is asked.
  let made: Promise<NodeAgents> | null = null;
  const agents = () => (made ??= makeAgents(env));
  const fetchBy: Fetch = async (url, init) => {
    if (!namesProxy(env) && namedCertificates(env) === null) return await fetch(url, init);
    const { requestFetch } = await import("./agents.ts");
    return await requestFetch((await agents())(url), url, init);
  };
  return { fetch: fetchBy, agents };
}

async function makeAgents(env: Env): Promise<NodeAgents> {
  const { environmentAgents } = await import("./agents.ts");
  return environmentAgents(env);
}

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
