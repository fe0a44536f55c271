import { proxiesIn, tunnelFor } from "../codex/proxy-environment.ts";
import { isLoopbackHost } from "../upstream/backend.ts";
import type { Fetch, Tunnels } from "../upstream/network-failure.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * fetch by way of the network proxies of the environment, as Codex goes; Node's own knows none. Where there are some it
 * follows no redirect, and what needs none goes out directly, whatever NODE_USE_ENV_PROXY says.
 */
export function fetchIn(env: Env): Fetch {
  return async (url, init) => {
    if (proxiesIn(env).length === 0) return await fetch(url, init);
    const { requestFetch } = await import("./request-fetch.ts");
    const tunnels = await tunnelsIn(env);
    return await requestFetch(tunnels(url), url, init);
  };
}

/** Gives what makes connections through the proxy that the environment names for an https address; null: for none. */
export async function tunnelsIn(env: Env): Promise<Tunnels> {
  const { TunnelAgent } = await import("./tunnel-agent.ts");
  return (url, options) => {
    const proxy = isLoopbackHost(new URL(url).hostname) ? null : tunnelFor(env, url);
    return proxy && new TunnelAgent(proxy, options);
  };
}
