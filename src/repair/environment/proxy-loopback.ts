import { configString } from "../../codex/config-tree.ts";
import { isDirect, plainProxy, proxiesIn } from "../../codex/proxy-environment.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";

const bypass = 'export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"; export no_proxy="$NO_PROXY"';

/** Measured: Codex sends also what is meant for this machine through the proxy, where it is lost for ever. */
export const proxyLoopback: Check = {
  id: "proxy_catches_loopback",
  area: "environment",
  severity: "warning",
  title: "a network proxy catches what Codex sends to this machine",
  look: (scene) => {
    const { env } = scene.fx;
    const proxy = plainProxy(env);
    const hosts = loopbackHosts(scene).filter((host) => !isDirect(env, host));
    if (!proxy || hosts.length === 0) return [];
    const message = `config.toml names an address on this machine, but Codex asks the proxy of ${proxy.name} for it, and reconnects without end.`;
    return [
      {
        message,
        evidence: [`${proxy.name} is ${proxy.address}`, `NO_PROXY does not name ${hosts.join(", ")}`],
        fix: bypass,
      },
    ];
  },
};

/** What the variables do, for whoever wonders; the finding above says more where it applies. */
export const proxySet: Check = {
  id: "proxy_set",
  area: "environment",
  severity: "info",
  title: "Codex goes through a network proxy",
  look: async (scene) => {
    const proxies = proxiesIn(scene.fx.env);
    const caught = await proxyLoopback.look(scene);
    if (proxies.length === 0 || "skipped" in caught || caught.length > 0) return [];
    const message =
      "Codex goes through the proxy that the environment names; codex-auth itself connects directly, so its live questions may fail where Codex works.";
    const sighting: Sighting = {
      message,
      evidence: proxies.map(({ name, address }) => `${name} is ${address}`),
      fix: null,
    };
    return [sighting];
  },
};

function loopbackHosts({ config: { tree } }: Scene): string[] {
  const urls = [["openai_base_url"], ["chatgpt_base_url"]].map((path) => tree && configString(tree, path));
  return urls.flatMap((url) => {
    const parsed = url && URL.canParse(url) ? new URL(url) : null;
    const isHere = parsed !== null && /^(?:localhost|127(?:\.\d{1,3}){3})$/.test(parsed.hostname);
    return isHere && parsed.protocol === "http:" ? [parsed.hostname] : [];
  });
}
