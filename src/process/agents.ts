import * as fs from "node:fs";
import type { Agent as AnyAgent } from "node:http";
import { Agent, type AgentOptions } from "node:https";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { namedCertificates, wayTo, type Env } from "../codex/environment.ts";
import { readCertificates } from "../machine/certificates.ts";
import { isLoopbackHost } from "../openai/address.ts";
import { NoWayAgent, TunnelAgent } from "./tunnel-agent.ts";

/** `Agents`, as Node's own types have it. */
export type NodeAgents = (url: string, options?: AgentOptions) => AnyAgent | null;

/** Connections through the proxy that the environment names for an address, with the certificates that it names. */
export function environmentAgents(env: Env): NodeAgents {
  const secureContext = trusting(env);
  return (url, kept) => {
    const { protocol, hostname } = new URL(url);
    if (protocol !== "https:") return null;
    const options = { ...kept, ...(secureContext && { secureContext }) };
    const way = isLoopbackHost(hostname) ? null : wayTo(env, url);
    if (way?.kind === "proxy") return new TunnelAgent(way.url, options);
    if (way?.kind === "unsupported") return new NoWayAgent();
    return secureContext && new Agent(options);
  };
}

/** Null: Node's own certificates do. A file that cannot be used is left out; `doctor` names it. */
function trusting(env: Env): SecureContext | null {
  const named = readCertificates(fs, namedCertificates(env));
  if (named === null) return null;
  const more = readCertificates(fs, env["NODE_EXTRA_CA_CERTS"] ?? null);
  try {
    return createSecureContext({ ca: [...rootCertificates, named, ...(more === null ? [] : [more])] });
  } catch {
    return null;
  }
}
