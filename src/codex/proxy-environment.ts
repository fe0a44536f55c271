type Env = Readonly<Record<string, string | undefined>>;

interface Proxy {
  /** Of the variable. */
  name: string;
  /** Without the user and password that the value may hold. */
  address: string;
}

/** The proxies that Codex goes through, by the variables that name them. What is no URL, Codex ignores. */
export function proxiesIn(env: Env): Proxy[] {
  return named(env).map(({ name, url }) => ({ name, address: `${url.protocol}//${url.host}` }));
}

interface Named {
  name: string;
  /** With user and password. */
  url: URL;
}

function named(env: Env): Named[] {
  return ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].flatMap((upper) => {
    const name = [upper.toLowerCase(), upper].find((each) => env[each]);
    const url = name === undefined ? null : urlOf(env[name] ?? "");
    return name !== undefined && url !== null ? [{ name, url }] : [];
  });
}

/** The one for a plain http address, which an address on this machine is. */
export function plainProxy(env: Env): Proxy | null {
  return proxiesIn(env).find(({ name }) => !/^https_/i.test(name)) ?? null;
}

function urlOf(value: string): URL | null {
  const text = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.host === "" ? null : url;
}

/**
 * The proxy through which Codex reaches an https address, with the user and password that the variable may hold; null
 * when it goes there directly, and for what is no http proxy (SOCKS).
 */
export function tunnelFor(env: Env, url: string): URL | null {
  const proxy = proxyFor(env, url)?.url;
  return proxy && isHttp(proxy) && proxy.host !== new URL(url).host ? proxy : null;
}

/** The variable with a proxy by which Codex alone goes to an https address, because we do not speak to it (SOCKS). */
export function foreignProxy(env: Env, url: string): string | null {
  const proxy = proxyFor(env, url);
  return proxy && !isHttp(proxy.url) ? proxy.name : null;
}

function proxyFor(env: Env, url: string): Named | null {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" || isDirect(env, hostname)) return null;
  return named(env).find(({ name }) => !/^http_/i.test(name)) ?? null;
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/** Whether NO_PROXY names a host. Measured: `localhost` there does not cover 127.0.0.1. */
export function isDirect(env: Env, hostname: string): boolean {
  const host = hostname.toLowerCase();
  const list = env["no_proxy"] || env["NO_PROXY"] || "";
  return list
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
  const names = [env["no_proxy"] || env["NO_PROXY"] || "", here].filter((each) => each !== "").join(",");
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
