import { configString } from "../../codex/config/tree.ts";
import { proxiesIn } from "../../codex/environment.ts";
import type { Severity } from "../../errors/codex-auth-error.ts";
import { backendOf, networkCode } from "../../openai/backend.ts";
import { apiOf, type Origin, type Reached, type Trouble } from "../../openai/reach.ts";
import type { DoctorCheck } from "../check.ts";
import type { Facts } from "../facts.ts";

/** `…` is the host. */
const texts: Record<Trouble, string> = {
  timeout: "… does not answer in time: a firewall drops the packets, or a proxy must be used",
  name: "Cannot look up …: there is no network, or the name server does not know it",
  refused: "… refuses the connection: nothing listens there, or a firewall forbids it",
  tls: "… shows a certificate that is not trusted: somebody signs in between, or the clock is wrong",
  cut: "… cuts the connection before it answers: a firewall or a proxy does that",
  proxy: "… is not let through by the network proxy",
  "no-proxy": "… cannot be reached, because the network proxy does not answer",
  "no-way": "… is not asked, because Codex cannot use the proxy that the environment names",
  route: "… cannot be reached: there is no way out of this network",
  other: "… cannot be asked",
};

const remedies: Partial<Record<Trouble, string>> = {
  tls: 'export CODEX_CA_CERTIFICATE="/path/to/company.pem"',
  timeout: "export HTTPS_PROXY=http://<host>:<port>",
  proxy: "export HTTPS_PROXY=http://<user>:<password>@<host>:<port>",
};

/** The guide's triage: an answer, even 401, means that the network is fine. */
export const networkUnreachable: DoctorCheck = {
  id: "network_unreachable",
  area: "network",
  severity: "error",
  title: "a service of OpenAI cannot be reached",
  isLive: true,
  look: async (facts) => {
    const failed = (await facts.reached()).filter((each) => each.kind === "failed");
    return failed.map((each) => ({
      // Where the proxy is dead or of no use, that is the error.
      severity: each.trouble.startsWith("no-") ? "info" : severityOf(facts, each),
      message: `${texts[each.trouble].replace("…", hostOf(each.url))}.`,
      evidence: [`${each.code}, asked for ${purposes[each.origin]}`],
      command: remedies[each.trouble] ?? null,
    }));
  },
};

/** api.openai.com serves keys; a ChatGPT login never goes there. */
function severityOf({ live }: Facts, { origin }: Reached): Severity {
  return origin === "api" && live?.login?.kind !== "apiKey" ? "info" : "error";
}

/** OpenAI's services answer with JSON; a page, or a way elsewhere, comes from somebody in between. */
export const networkIntercepted: DoctorCheck = {
  id: "network_intercepted",
  area: "network",
  severity: "error",
  title: "somebody else answers for OpenAI",
  isLive: true,
  look: async (facts) =>
    (await facts.reached()).flatMap((each) => {
      if (each.kind !== "answered") return [];
      const { url, status, location, isPage } = each;
      const host = hostOf(url);
      const evidence = [`status ${status}${location === null ? "" : `, to ${hostOf(location)}`}`];
      if (status === 407)
        return [
          { message: `A proxy before ${host} wants a user and a password (407).`, evidence, command: null },
        ];
      if (status >= 300 && status < 400 && location !== null && hostOf(location) !== host) {
        const message = `${host} sends us to another place: the network wants a sign-in of its own (hotel, airport), or a proxy stands between.`;
        return [{ message, evidence, command: null }];
      }
      if (!isPage) return [];
      const message =
        status === 403 || status === 503
          ? `${host} answers with a page: a browser check stands between this network and OpenAI.`
          : `${host} answers with a page and not with JSON: somebody in between answers (a sign-in of the network, a proxy).`;
      return [{ message, evidence, command: null }];
    }),
};

export const networkServerError: DoctorCheck = {
  id: "network_server_error",
  area: "network",
  severity: "warning",
  title: "a service of OpenAI answers with a server error",
  isLive: true,
  look: async (facts) =>
    (await facts.reached()).flatMap((each) => {
      if (each.kind !== "answered" || each.status < 500 || each.isPage) return [];
      const message = `${hostOf(each.url)} fails (${each.status}); ${purposes[each.origin]} may fail too. The network is fine: wait.`;
      return [{ message, command: null }];
    }),
};

const timeoutMs = 10_000;

/** Any status will do: 101, 401 and 426 all mean that the handshake went through. */
export const websocketBlocked: DoctorCheck = {
  id: "websocket_blocked",
  area: "network",
  severity: "warning",
  title: "WebSockets do not get through to the service that Codex uses",
  isLive: true,
  look: async (facts) => {
    if (proxiesIn(facts.ctx.env).length > 0) return { skipped: "Codex goes through a proxy" };
    const url = responsesUrl(facts);
    const isDown = (await facts.reached()).some(
      (each) => each.kind === "failed" && hostOf(each.url) === hostOf(url),
    );
    if (isDown) return { skipped: "the service cannot be reached at all" };
    try {
      await facts.ctx.websocketStatus(url, timeoutMs);
      return [];
    } catch (error) {
      const message = `${hostOf(url)} takes no WebSocket. Codex then tries five times and goes on over HTTPS: about seven seconds are lost at each start of a turn.`;
      return [{ message, evidence: [networkCode(error)], command: null }];
    }
  },
};

/** Where Codex sends its requests. */
function responsesUrl({ ctx: { env }, config: { tree, settings }, live }: Facts): string {
  const base = tree && configString(tree, ["openai_base_url"]);
  if (base && /^https?:/.test(base) && URL.canParse(base)) return `${base.replace(/\/+$/, "")}/responses`;
  if (live?.login?.kind === "apiKey") return `${apiOf(env)}/responses`;
  return `${backendOf(env, settings?.chatgptBaseUrl)}/codex/responses`;
}

/** What each service is for. */
const purposes: Record<Origin, string> = {
  backend: "requests and usage of ChatGPT logins",
  issuer: "signing in and renewing tokens",
  api: "requests with an API key",
};

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
