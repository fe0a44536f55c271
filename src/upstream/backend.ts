import { checkedBase } from "./checked-address.ts";

type Env = Readonly<Record<string, string | undefined>>;

const defaultBackend = "https://chatgpt.com/backend-api";

/**
 * The base of Codex's side calls, without a slash at its end: `chatgpt_base_url` of config.toml, else chatgpt.com.
 * CODEX_AUTH_BACKEND is for tests. Throws `backend_refused` for an address that must not get a token.
 */
export function backendOf(env: Env, configured: string | undefined): string {
  const override = env["CODEX_AUTH_BACKEND"];
  if (override) return checkedBase("CODEX_AUTH_BACKEND", override);
  return configured ? checkedBase("chatgpt_base_url", configured) : defaultBackend;
}

/** Codex has two styles of paths, and tells them apart by the end of the base. */
export function backendUrl(
  base: string,
  name: "usage" | "rate-limit-reset-credits" | "accounts/check",
): string {
  return base.endsWith("/backend-api") ? `${base}/wham/${name}` : `${base}/api/codex/${name}`;
}
