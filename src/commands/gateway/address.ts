import { CodexAuthError } from "../../errors/codex-auth-error.ts";

interface Wanted {
  readonly host?: string;
  readonly publicUrl?: string;
}

interface Address {
  readonly host: string;
  /** How other machines name it; null where none does. */
  readonly publicUrl: URL | null;
}

/** Other machines are let in under one name only, so that no page can point a name of its own here. */
export function publicAddress({ host, publicUrl: text }: Wanted): Address {
  if (text === undefined) {
    if (host === undefined || isLoopback(host)) return { host: host ?? "127.0.0.1", publicUrl: null };
    throw new CodexAuthError(
      "usage",
      `--host ${host} lets other machines in. Say also under which address they reach it: --public-url`,
      {
        hint: `codex auth gateway start --host ${host} --public-url https://pool.example`,
      },
    );
  }
  const publicUrl = URL.canParse(text) ? new URL(text) : null;
  const isPlain =
    publicUrl !== null && publicUrl.pathname === "/" && publicUrl.search === "" && publicUrl.hash === "";
  if (isPlain && /^https?:$/.test(publicUrl.protocol) && publicUrl.username === "") {
    return { host: host ?? "127.0.0.1", publicUrl };
  }
  throw new CodexAuthError("usage", `Invalid public address: ${text}`, {
    hint: "Give the scheme and the name, as in --public-url https://pool.example",
  });
}

export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);
}

export function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CodexAuthError("usage", `Invalid port: ${text}`, { hint: "Give a number from 1 to 65535." });
}

/** Null: the figures have no port of their own. */
export function metricsPortOf(text: string | undefined, port: number): number | null {
  if (text === undefined) return null;
  const own = portOf(text);
  if (own === 0 || own !== port) return own;
  throw new CodexAuthError("usage", "--metrics-port and --port are the same.", {
    hint: "Give the figures a port of their own, as in --metrics-port 9090; without it they are at /metrics, for an admin key.",
  });
}
