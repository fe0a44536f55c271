import { isSocks, proxiesIn, wayTo } from "../../codex/proxy-environment.ts";
import { reach } from "../../upstream/reach.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";

/** Codex waits without end for a proxy that refuses connections. Any answer will do, also an error. */
export const proxyDead: Check = {
  id: "proxy_dead",
  area: "network",
  severity: "error",
  title: "the proxy that the environment names does not answer",
  isLive: true,
  look: async (scene) => {
    const { env, fetch } = scene.fx;
    const asked = await Promise.all(
      proxiesIn(env).map(async ({ name, address }) => ({
        name,
        address,
        reached: await reach(fetch, "api", address.replace(/^socks\w*:/, "http:")),
        strange: isSocks(address) ? await strangeAnswer(scene, name) : null,
      })),
    );
    return asked.flatMap(({ name, address, reached, strange }) => {
      // Whoever cuts the connection is there, and only does not like the question.
      if (reached.kind === "answered" || reached.trouble === "cut" || reached.trouble === "other") {
        if (strange === null) return [];
        const message = `${name} names a port that does not speak HTTP, as one for SOCKS alone does not. Codex and codex-auth speak HTTP (CONNECT) to it, so nothing gets through: name the HTTP or the mixed port of that proxy.`;
        const host = address.replace(/^socks\w*:\/\//, "").replace(/:\d+$/, "");
        return [{ message, evidence: [address, strange], fix: `export HTTPS_PROXY=http://${host}:<port>` }];
      }
      const message = `${name} names a proxy that does not answer, so Codex reconnects without end.`;
      return [{ message, evidence: [address, reached.code], fix: `unset ${name}` }];
    });
  },
};

/** The code with which a question ended that this proxy should have let through, where it gave no answer of HTTP. */
async function strangeAnswer(scene: Scene, name: string): Promise<string | null> {
  const failed = (await scene.reached()).filter(
    (each) => each.kind === "failed" && each.trouble === "no-proxy",
  );
  const ours = failed.find(({ url }) => {
    const way = wayTo(scene.fx.env, url);
    return way.kind === "proxy" && way.name === name;
  });
  return ours?.kind === "failed" ? ours.code : null;
}
