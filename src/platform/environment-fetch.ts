import { namedCertificates } from "../codex/certificate-environment.ts";
import { namesProxy } from "../codex/proxy-environment.ts";
import type { NodeAgents } from "./environment-agents.ts";
import type { Fetch } from "../upstream/network-failure.ts";

type Env = Readonly<Record<string, string | undefined>>;

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
    const { requestFetch } = await import("./request-fetch.ts");
    return await requestFetch((await agents())(url), url, init);
  };
  return { fetch: fetchBy, agents };
}

async function makeAgents(env: Env): Promise<NodeAgents> {
  const { environmentAgents } = await import("./environment-agents.ts");
  return environmentAgents(env);
}
