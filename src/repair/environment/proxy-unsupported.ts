import { unusableProxy, wayTo } from "../../codex/proxy-environment.ts";
import { backendOf } from "../../upstream/backend.ts";
import type { Check } from "../check.ts";

/** Measured: Codex says nothing of it, and goes out past the proxy that the person wants to be behind. */
export const proxyUnsupported: Check = {
  id: "proxy_unsupported",
  area: "environment",
  severity: "error",
  title: "Codex ignores the proxy that the environment names",
  look: ({ fx: { env }, config: { settings } }) => {
    const way = wayTo(env, backendOf(env, settings?.chatgptBaseUrl));
    if (way.kind !== "unsupported") return [];
    const { message, fix } = unusableProxy(env, way);
    return [{ message, evidence: ["Codex takes http://, https:// and, by HTTP CONNECT, socks5://"], fix }];
  },
};
