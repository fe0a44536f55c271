import { CodexAuthError } from "../errors/codex-auth-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

const defaultBackend = "https://chatgpt.com/backend-api";

/**
 * The base of Codex's side calls, without a slash at its end: `chatgpt_base_url` of config.toml, else chatgpt.com.
 * CODEX_AUTH_BACKEND is for tests. Throws `backend_refused` for an address that must not get a token.
 */
export function backendOf(env: Env, configured: string | undefined): string {
  const override = env["CODEX_AUTH_BACKEND"];
  if (override) return checkedBase("CODEX_AUTH_BACKEND", override);
  return configured ? checkedBase("chatgpt_base_url in config.toml", configured) : defaultBackend;
}

/** Codex has two styles of paths, and tells them apart by the end of the base. */
export function backendUrl(
  base: string,
  name: "usage" | "rate-limit-reset-credits" | "accounts/check",
): string {
  return base.endsWith("/backend-api") ? `${base}/wham/${name}` : `${base}/api/codex/${name}`;
}

function checkedBase(setting: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const problem = url ? addressProblem(url) : "it is no URL";
  if (url && problem === null) return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  // The value itself is not shown: it may hold a password.
  throw new CodexAuthError("backend_refused", `${setting} cannot be used: ${problem}.`, {
    hint: "Set an https address such as https://chatgpt.com/backend-api, or remove it. Nothing was sent.",
  });
}

function addressProblem({ protocol, hostname, username, password, search, hash }: URL): string | null {
  if (protocol !== "https:" && protocol !== "http:") return "it is no http or https address";
  if (protocol === "http:" && !isLoopbackHost(hostname))
    return "a token would go unencrypted to another machine; plain http is for this machine only";
  if (username !== "" || password !== "") return "it holds a user name or password";
  return search === "" && hash === "" ? null : "it holds more than a host and a path";
}

/** Takes the hostname of a URL. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
