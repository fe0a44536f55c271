import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** The setting of config.toml among them; all others are variables. */
type Setting =
  | "chatgpt_base_url"
  | "CODEX_AUTH_BACKEND"
  | "CODEX_AUTH_ISSUER"
  | "CODEX_REFRESH_TOKEN_URL_OVERRIDE";

/** An address to which paths are added, without a slash at its end. Throws `backend_refused`. */
export function checkedBase(setting: Setting, text: string): string {
  const { origin, pathname, search, hash } = checkedUrl(setting, text);
  if (search !== "" || hash !== "") throw refusal(setting, "it holds more than a host and a path");
  return `${origin}${pathname}`.replace(/\/+$/, "");
}

/** A whole address. Throws `backend_refused` for one that must not get a token. */
export function checkedUrl(setting: Setting, text: string): URL {
  const problem = addressProblem(text);
  if (problem !== null) throw refusal(setting, problem);
  return new URL(text);
}

/** Why tokens must not go to an address; null for https, and for this machine. */
export function addressProblem(text: string): string | null {
  if (!URL.canParse(text)) return "it is no URL";
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") return "it is no http or https address";
  if (protocol === "http:" && !isLoopbackHost(hostname))
    return "a token would go unencrypted to another machine; plain http is for this machine only";
  return username !== "" || password !== "" ? "it holds a user name or password" : null;
}

/** The value itself is not shown: it may hold a password. */
function refusal(setting: Setting, problem: string): CodexAuthError {
  const isVariable = setting !== "chatgpt_base_url";
  const where = isVariable ? setting : `${setting} in config.toml`;
  const without = isVariable ? `unset ${setting}` : `take ${setting} out of config.toml`;
  return new CodexAuthError("backend_refused", `${where} cannot be used: ${problem}.`, {
    hint: `Name an https address, or do without it: ${without}. Nothing was sent.`,
  });
}

/** Takes the hostname of a URL. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
