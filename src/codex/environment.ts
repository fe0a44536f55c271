/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>;

interface Proxy {
  /** Of the variable. */
  name: string;
  /** Without the user and password that the value may hold. */
  address: string;
}

/** The proxies that Codex goes through, by the variables that name them. What it cannot use, it passes over. */
export function proxiesIn(env: Env): Proxy[] {
  return pairs("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY").flatMap((pair) => {
    const named = taken(env, pair);
    return named ? [{ name: named.name, address: `${named.url.protocol}//${named.url.host}` }] : [];
  });
}

/** Whether a variable names a proxy for anything, also one that cannot be used. */
export function namesProxy(env: Env): boolean {
  return pairs("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    .flat()
    .some((name) => isNamed(env, name));
}

interface Named {
  name: string;
  /** With user and password. */
  url: URL;
}

/** How a request gets to an address. */
type Way =
  | { kind: "direct" }
  | ({ kind: "proxy" } & Named)
  /** A variable asks for a proxy, which Codex goes past. `hiddenBy`: the variable that Codex reads instead. */
  | { kind: "unsupported"; name: string; hiddenBy: string | null };

/**
 * The way to an https address: as Codex takes it, but never directly where a variable asks for a proxy. Measured on
 * Codex 0.171: the upper case wins, also where it is empty; an address that it cannot use is passed over.
 */
export function wayTo(env: Env, url: string): Way {
  const { protocol, hostname, host } = new URL(url);
  if (protocol !== "https:" || isDirect(env, hostname)) return { kind: "direct" };
  const ways = pairs("HTTPS_PROXY", "ALL_PROXY");
  for (const pair of ways) {
    const named = taken(env, pair);
    if (named) return named.url.host === host ? { kind: "direct" } : { kind: "proxy", ...named };
  }
  for (const pair of ways) {
    const name = pair.find((each) => isNamed(env, each));
    const read = pair.find((each) => env[each] !== undefined) ?? null;
    if (name !== undefined) return { kind: "unsupported", name, hiddenBy: read === name ? null : read };
  }
  return { kind: "direct" };
}

/** What it means that Codex goes past a proxy, and what a person types against that. */
export function unusableProxy(
  env: Env,
  { name, hiddenBy }: Way & { kind: "unsupported" },
): { message: string; fix: string } {
  if (hiddenBy !== null) {
    const message = `${name} names a proxy, but Codex reads ${hiddenBy} instead, which names none: Codex connects directly, and codex-auth not at all.`;
    return { message, fix: `unset ${hiddenBy}` };
  }
  const message = `${name} names a proxy of a kind that Codex ignores: Codex connects directly, and codex-auth not at all.`;
  return { message, fix: `export ${name}=http://${hostIn(env[name] ?? "")}` };
}

/** Of an address that is of no use otherwise. */
function hostIn(value: string): string {
  const [, host = "", port = ""] =
    /^(?:\w+:(?!\d+$)(?:\/\/)?)?(?:[^@/]*@)?([\w.-]+|\[[\da-f:]+\])(?::(\d+))?(?:$|\/)/i.exec(value.trim()) ??
    [];
  return `${host || "<host>"}:${port || "<port>"}`;
}

/** As Codex reads them: the first that is set counts. */
function pairs(...names: string[]): [string, string][] {
  return names.map((name) => [name, name.toLowerCase()]);
}

function isNamed(env: Env, name: string): boolean {
  return (env[name] ?? "").trim() !== "";
}

/** Of a pair of variables, the proxy that Codex takes. */
function taken(env: Env, pair: readonly string[]): Named | null {
  const name = pair.find((each) => env[each] !== undefined);
  const url = name === undefined ? null : proxyUrl(env[name] ?? "");
  return name !== undefined && url ? { name, url } : null;
}

/** The one for a plain http address, which an address on this machine is. */
export function plainProxy(env: Env): Proxy | null {
  return proxiesIn(env).find(({ name }) => !/^https_/i.test(name)) ?? null;
}

/** `socks5:` and the like get a CONNECT of HTTP, which a mixed port understands; `socks:` is none that Codex knows. */
function proxyUrl(value: string): URL | null {
  const text = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  // Measured: in capitals, SOCKS is taken for one question of many.
  const isTaken = /^https?:$/.test(url.protocol) || /^socks(?:4a?|5h?):/.test(text);
  return url.host !== "" && isTaken ? url : null;
}

/** Whether a proxy is named as one that speaks SOCKS. */
export function isSocks(address: string): boolean {
  return address.startsWith("socks");
}

/** Whether NO_PROXY names a host. Measured: `localhost` there does not cover 127.0.0.1. */
export function isDirect(env: Env, hostname: string): boolean {
  const host = hostname.toLowerCase();
  return exceptions(env)
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "")
    .some(
      (each) =>
        each === "*" ||
        host === each ||
        host.endsWith(each.startsWith(".") ? each : `.${each}`) ||
        isInside(host, each),
    );
}

function exceptions(env: Env): string {
  return env["NO_PROXY"] ?? env["no_proxy"] ?? "";
}

const here = "127.0.0.1";

/** The proxy that catches what is meant for this machine; null when none does. */
export function catchesLoopback(env: Env): Proxy | null {
  return isDirect(env, here) ? null : plainProxy(env);
}

/** What a person types against that, in a POSIX shell. */
export const loopbackBypass =
  'export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"; export no_proxy="$NO_PROXY"';

/** The variables that do the same for a program that we start; none where no proxy catches anything. */
export function bypassVariables(env: Env): Record<string, string> {
  if (catchesLoopback(env) === null) return {};
  const names = [exceptions(env), here].filter((each) => each !== "").join(",");
  return { NO_PROXY: names, no_proxy: names };
}

/** "127.0.0.0/8" */
function isInside(host: string, range: string): boolean {
  const [base = "", bits = ""] = range.split("/");
  const [address, start] = [numberOf(host), numberOf(base)];
  if (address === null || start === null || !/^\d{1,2}$/.test(bits)) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(start / size);
}

function numberOf(address: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1);
  return parts ? parts.reduce((sum, part) => sum * 256 + Number(part), 0) : null;
}

/** The variables that make Codex ignore auth.json. OPENAI_API_KEY is none of them: Codex 0.169 does not use it. */
export function overrides(env: Env): { name: string; effect: string }[] {
  return ["CODEX_API_KEY", "CODEX_ACCESS_TOKEN"]
    .filter((name) => env[name])
    .map((name) => ({ name, effect: "Codex uses it instead of auth.json" }));
}

/** The variable whose file of certificates Codex trusts beside those of the system. */
export function certificateVariable(env: Env): "CODEX_CA_CERTIFICATE" | "SSL_CERT_FILE" {
  return env["CODEX_CA_CERTIFICATE"] ? "CODEX_CA_CERTIFICATE" : "SSL_CERT_FILE";
}

/** That file; null when none is named. */
export function namedCertificates(env: Env): string | null {
  return env[certificateVariable(env)] || null;
}
