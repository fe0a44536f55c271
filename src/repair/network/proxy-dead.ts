import { proxiesIn } from "../../codex/proxy-environment.ts";
import { reach } from "../../upstream/reach.ts";
import type { Check } from "../check.ts";

/** Codex waits without end for a proxy that refuses connections. Any answer will do, also an error. */
export const proxyDead: Check = {
  id: "proxy_dead",
  area: "network",
  severity: "error",
  title: "the proxy that the environment names does not answer",
  isLive: true,
  look: async ({ fx: { env, fetch } }) => {
    const proxies = proxiesIn(env).filter(({ address }) => /^https?:/.test(address));
    const asked = await Promise.all(
      proxies.map(async ({ name, address }) => ({
        name,
        address,
        reached: await reach(fetch, "api", address),
      })),
    );
    return asked.flatMap(({ name, address, reached }) => {
      // Whoever cuts the connection is there, and only does not like the question.
      if (reached.kind === "answered" || reached.trouble === "cut" || reached.trouble === "other") return [];
      const message = `${name} names a proxy that does not answer, so Codex reconnects without end.`;
      return [{ message, evidence: [address, reached.code], fix: `unset ${name}` }];
    });
  },
};
