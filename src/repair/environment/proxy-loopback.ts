import { configString, configValue, isTable } from "../../codex/config-tree.ts";
import { isDirect, isSocks, loopbackBypass, plainProxy, proxiesIn } from "../../codex/proxy-environment.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";

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
        fix: loopbackBypass,
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
    const socks = proxies.filter(({ address }) => isSocks(address)).map(({ name }) => name);
    const note =
      socks.length > 0
        ? ` To what ${socks.join(" and ")} names as SOCKS, both speak HTTP (CONNECT): a mixed port understands that, a port for SOCKS alone lets nothing through.`
        : "";
    const message = `Codex and codex-auth go through the proxy that the environment names.${note}`;
    const sighting: Sighting = {
      message,
      evidence: proxies.map(({ name, address }) => `${name} is ${address}`),
      fix: null,
    };
    return [sighting];
  },
};

/** Of every address that config.toml gives Codex, those on this machine. */
function loopbackHosts({ config: { tree } }: Scene): string[] {
  if (!tree) return [];
  const providers = configValue(tree, ["model_providers"]);
  const ids = isTable(providers) ? Object.keys(providers) : [];
  const paths = [
    ["openai_base_url"],
    ["chatgpt_base_url"],
    ...ids.map((id) => ["model_providers", id, "base_url"]),
  ];
  const hosts = paths.flatMap((path) => {
    const url = configString(tree, path) ?? "";
    const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: "", hostname: "" };
    return protocol === "http:" && /^(?:localhost|127(?:\.\d{1,3}){3})$/.test(hostname) ? [hostname] : [];
  });
  return [...new Set(hosts)];
}
