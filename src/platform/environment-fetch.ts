import { namedCertificates } from "../codex/certificate-environment.ts";
import { proxiesIn } from "../codex/proxy-environment.ts";
import type { Agents, Fetch } from "../upstream/network-failure.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * fetch by the proxies and certificates that the environment names for Codex; Node's own knows none of them. Where it
 * names some, no redirect is followed, and what needs no proxy goes out directly, whatever NODE_USE_ENV_PROXY says.
 */
export function fetchIn(env: Env): Fetch {
  return async (url, init) => {
    if (proxiesIn(env).length === 0 && namedCertificates(env) === null) return await fetch(url, init);
    const { requestFetch } = await import("./request-fetch.ts");
    const agents = await agentsIn(env);
    return await requestFetch(agents(url), url, init);
  };
}

/** What makes connections in the same way. */
export async function agentsIn(env: Env): Promise<Agents> {
  const { environmentAgents } = await import("./environment-agents.ts");
  return environmentAgents(env);
}
