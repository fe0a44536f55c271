import { configString, configValue, isTable } from "../../codex/config/tree.ts";
import {
  isDirect,
  isSocks,
  loopbackBypass,
  plainProxy,
  proxiesIn,
  unusableProxy,
  wayTo,
} from "../../codex/environment.ts";
import { backendOf } from "../../openai/backend.ts";
import { reach } from "../../openai/reach.ts";
import type { DoctorCheck, FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";

/** Measured: Codex sends also what is meant for this machine through the proxy, where it is lost forever. */
export const proxyLoopback: DoctorCheck = {
  id: "proxy_catches_loopback",
  area: "environment",
  severity: "warning",
  title: "a network proxy catches what Codex sends to this machine",
  look: (facts) => {
    const { env } = facts.ctx;
    const proxy = plainProxy(env);
    const hosts = loopbackHosts(facts).filter((host) => !isDirect(env, host));
    if (!proxy || hosts.length === 0) return [];
    const message = `config.toml names an address on this machine, but Codex asks the proxy of ${proxy.name} for it, and reconnects without end.`;
    return [
      {
        message,
        evidence: [`${proxy.name} is ${proxy.address}`, `NO_PROXY does not name ${hosts.join(", ")}`],
        command: loopbackBypass,
      },
    ];
  },
};

/** What the variables do, for whoever wonders; the finding above says more where it applies. */
export const proxySet: DoctorCheck = {
  id: "proxy_set",
  area: "environment",
  severity: "info",
  title: "Codex goes through a network proxy",
  look: async (facts) => {
    const proxies = proxiesIn(facts.ctx.env);
    const caught = await proxyLoopback.look(facts);
    if (proxies.length === 0 || "skipped" in caught || caught.length > 0) return [];
    const socks = proxies.filter(({ address }) => isSocks(address)).map(({ name }) => name);
    const note =
      socks.length > 0
        ? ` To what ${socks.join(" and ")} names as SOCKS, both speak HTTP (CONNECT): a mixed port understands that, a port for SOCKS alone lets nothing through.`
        : "";
    const message = `Codex and codex-auth go through the proxy that the environment names.${note}`;
    const foundFault: FoundFault = {
      message,
      evidence: proxies.map(({ name, address }) => `${name} is ${address}`),
      command: null,
    };
    return [foundFault];
  },
};

/** Of every address that config.toml gives Codex, those on this machine. */
function loopbackHosts({ config: { tree } }: Facts): string[] {
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

/** Codex waits without end for a proxy that refuses connections. Any answer will do, also an error. */
export const proxyDead: DoctorCheck = {
  id: "proxy_dead",
  area: "network",
  severity: "error",
  title: "the proxy that the environment names does not answer",
  isLive: true,
  look: async (facts) => {
    const { env, fetch } = facts.ctx;
    const asked = await Promise.all(
      proxiesIn(env).map(async ({ name, address }) => ({
        name,
        address,
        reached: await reach(fetch, "api", address.replace(/^socks\w*:/, "http:")),
        strange: isSocks(address) ? await strangeAnswer(facts, name) : null,
      })),
    );
    return asked.flatMap(({ name, address, reached, strange }) => {
      // Whoever cuts the connection is there, and only does not like the question.
      if (reached.kind === "answered" || reached.trouble === "cut" || reached.trouble === "other") {
        if (strange === null) return [];
        const message = `${name} names a port that does not speak HTTP, as one for SOCKS alone does not. Codex and codex-auth speak HTTP (CONNECT) to it, so nothing gets through: name the HTTP or the mixed port of that proxy.`;
        const host = address.replace(/^socks\w*:\/\//, "").replace(/:\d+$/, "");
        return [
          { message, evidence: [address, strange], command: `export HTTPS_PROXY=http://${host}:<port>` },
        ];
      }
      const message = `${name} names a proxy that does not answer, so Codex reconnects without end.`;
      return [{ message, evidence: [address, reached.code], command: `unset ${name}` }];
    });
  },
};

/** The code with which a question ended that this proxy should have let through, where it gave no answer of HTTP. */
async function strangeAnswer(facts: Facts, name: string): Promise<string | null> {
  const failed = (await facts.reached()).filter(
    (each) => each.kind === "failed" && each.trouble === "no-proxy",
  );
  const ours = failed.find(({ url }) => {
    const way = wayTo(facts.ctx.env, url);
    return way.kind === "proxy" && way.name === name;
  });
  return ours?.kind === "failed" ? ours.code : null;
}

/** Measured: Codex says nothing of it, and goes out past the proxy that the person wants to be behind. */
export const proxyUnsupported: DoctorCheck = {
  id: "proxy_unsupported",
  area: "environment",
  severity: "error",
  title: "Codex ignores the proxy that the environment names",
  look: ({ ctx: { env }, config: { settings } }) => {
    const way = wayTo(env, backendOf(env, settings?.chatgptBaseUrl));
    if (way.kind !== "unsupported") return [];
    const { message, fix: command } = unusableProxy(env, way);
    return [
      { message, evidence: ["Codex takes http://, https:// and, by HTTP CONNECT, socks5://"], command },
    ];
  },
};
