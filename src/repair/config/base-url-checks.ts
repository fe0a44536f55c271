import { formatPath } from "../../codex/config-toml.ts";
import { providerBaseUrl } from "../../codex/providers.ts";
import { isListening } from "../../store/port-holder.ts";
import { isConnectFailure } from "../../upstream/network-failure.ts";
import { configCheck } from "../check.ts";
import type { Scene } from "../scene.ts";
import { placeOf, takeOut } from "./config-text.ts";

/** Codex tries a refused connection again for ever, so it looks as if it were thinking. */
export const baseUrlDead = configCheck({
  id: "base_url_dead",
  area: "config",
  severity: "error",
  title: "config.toml sends Codex to a proxy of this machine that is not running",
  look: async (tree, scene) => {
    const base = providerBaseUrl(tree);
    const port = base && loopbackPort(base.url);
    if (!base || port === null || (await answers(scene, base.url, port))) return [];
    return [
      {
        message: `Codex hangs with "Reconnecting... waiting for network": it is sent to port ${port} of this machine, where nobody listens. Start what belongs there, or take the key out.`,
        evidence: [...placeOf(scene, base.path), `${formatPath(base.path)} leads to ${originOf(base.url)}`],
        fix: takeOut(scene, base.path),
      },
    ];
  },
});

export const chatgptBaseUrlPlain = configCheck({
  id: "chatgpt_base_url_plain",
  area: "config",
  severity: "error",
  title: "chatgpt_base_url is not https",
  look: (_, scene) => {
    const url = scene.config.settings?.chatgptBaseUrl;
    if (url === undefined || !/^http:/i.test(url)) return [];
    return [
      {
        message:
          "The interactive Codex does not start: it wants an https address in chatgpt_base_url. To send the model's requests through a proxy of this machine, set openai_base_url instead.",
        evidence: placeOf(scene, ["chatgpt_base_url"]),
        fix: takeOut(scene, ["chatgpt_base_url"]),
      },
    ];
  },
});

/** The port of a URL of this machine; null for any other. */
export function loopbackPort(url: string): number | null {
  if (!URL.canParse(url)) return null;
  const { hostname, port, protocol } = new URL(url);
  if (hostname !== "localhost" && hostname !== "[::1]" && !/^127\.\d+\.\d+\.\d+$/.test(hostname)) return null;
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/** A base URL may hold a key in its path. */
function originOf(url: string): string {
  return new URL(url).origin;
}

/** Linux tells without being asked by the network; elsewhere one request goes to this machine, without credentials. */
async function answers({ fx }: Scene, url: string, port: number): Promise<boolean> {
  const known = isListening(fx.fs, port);
  if (known !== null) return known;
  try {
    await fx.fetch(originOf(url), { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(2000) });
    return true;
  } catch (error) {
    return !isConnectFailure(error);
  }
}
