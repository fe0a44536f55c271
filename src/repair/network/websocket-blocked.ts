import { configString } from "../../codex/config-tree.ts";
import { proxiesIn } from "../../codex/proxy-environment.ts";
import { backendOf } from "../../upstream/backend.ts";
import { networkCode } from "../../upstream/network-failure.ts";
import type { Check } from "../check.ts";
import { apiOf } from "../reached.ts";
import type { Scene } from "../scene.ts";
import { hostOf } from "./origin-text.ts";

const timeoutMs = 10_000;

/** Any status will do: 101, 401 and 426 all mean that the handshake went through. */
export const websocketBlocked: Check = {
  id: "websocket_blocked",
  area: "network",
  severity: "warning",
  title: "WebSockets do not get through to the service that Codex uses",
  isLive: true,
  look: async (scene) => {
    if (proxiesIn(scene.fx.env).length > 0) return { skipped: "Codex goes through a proxy" };
    const url = responsesUrl(scene);
    const isDown = (await scene.reached()).some(
      (each) => each.kind === "failed" && hostOf(each.url) === hostOf(url),
    );
    if (isDown) return { skipped: "the service cannot be reached at all" };
    try {
      await scene.fx.websocketStatus(url, timeoutMs);
      return [];
    } catch (error) {
      const message = `${hostOf(url)} takes no WebSocket. Codex then tries five times and goes on over HTTPS: about seven seconds are lost at each start of a turn.`;
      return [{ message, evidence: [networkCode(error)], fix: null }];
    }
  },
};

/** Where Codex sends its requests. */
function responsesUrl({ fx: { env }, config: { tree, settings }, live }: Scene): string {
  const base = tree && configString(tree, ["openai_base_url"]);
  if (base && /^https?:/.test(base) && URL.canParse(base)) return `${base.replace(/\/+$/, "")}/responses`;
  if (live?.login?.kind === "apiKey") return `${apiOf(env)}/responses`;
  return `${backendOf(env, settings?.chatgptBaseUrl)}/codex/responses`;
}
