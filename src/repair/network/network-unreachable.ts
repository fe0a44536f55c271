import type { Reached, Trouble } from "../../upstream/reach.ts";
import type { Severity } from "../../errors/finding.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";
import { hostOf, purposes } from "./origin-text.ts";

const texts: Record<Trouble, string> = {
  timeout: "does not answer in time: a firewall drops the packets, or a proxy must be used",
  name: "has a name that is not found: there is no network, or the name server does not know it",
  refused: "refuses the connection: nothing listens there, or a firewall forbids it",
  tls: "shows a certificate that is not trusted: somebody signs in between, or the clock is wrong",
  cut: "cuts the connection before it answers: a firewall or a proxy does that",
  proxy: "is not let through by the network proxy",
  "no-proxy": "cannot be reached, because the network proxy does not answer",
  "no-way": "is not asked, because the proxy that the environment names is none that Codex takes",
  route: "cannot be reached: there is no way out of this network",
  other: "cannot be asked",
};

const remedies: Partial<Record<Trouble, string>> = {
  tls: 'export CODEX_CA_CERTIFICATE="/path/to/company.pem"',
  timeout: "export HTTPS_PROXY=http://<host>:<port>",
  proxy: "export HTTPS_PROXY=http://<user>:<password>@<host>:<port>",
};

/** The guide's triage: an answer, even 401, means that the network is fine. */
export const networkUnreachable: Check = {
  id: "network_unreachable",
  area: "network",
  severity: "error",
  title: "a service of OpenAI cannot be reached",
  isLive: true,
  look: async (scene) => {
    const failed = (await scene.reached()).filter((each) => each.kind === "failed");
    return failed.map((each) => ({
      // Where the proxy is dead or of no use, that is the error.
      severity: each.trouble.startsWith("no-") ? "info" : severityOf(scene, each),
      message: `${hostOf(each.url)} ${texts[each.trouble]}.`,
      evidence: [`${each.code}, asked for ${purposes[each.origin]}`],
      fix: remedies[each.trouble] ?? null,
    }));
  },
};

/** api.openai.com serves keys; a ChatGPT login never goes there. */
function severityOf({ live }: Scene, { origin }: Reached): Severity {
  return origin === "api" && live?.login?.kind !== "apiKey" ? "info" : "error";
}
