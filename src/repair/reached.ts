import { issuerOf } from "../auth/token-endpoint.ts";
import type { LoginSettings } from "../codex/config-toml.ts";
import { backendOf, backendUrl } from "../upstream/backend.ts";
import { reach } from "../upstream/reach.ts";
import type { Reached } from "../upstream/reach.ts";
import type { Fetch } from "../upstream/network-failure.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Asks the three services of OpenAI at once, without credentials. An address that no token may go to is left out. */
export async function reachOrigins(
  { env, fetch }: { env: Env; fetch: Fetch },
  settings: LoginSettings | null,
): Promise<Reached[]> {
  const backend = backendOf(env, settings?.chatgptBaseUrl);
  return await Promise.all([
    reach(fetch, "backend", backendUrl(backend, "usage")),
    reach(fetch, "issuer", `${issuerOf(env)}/.well-known/openid-configuration`),
    reach(fetch, "api", `${apiOf(env)}/models`),
  ]);
}

/** Where keys go. With CODEX_AUTH_BACKEND, which is for tests, nothing leaves this machine. */
export function apiOf(env: Env): string {
  const isElsewhere = Boolean(env["CODEX_AUTH_BACKEND"]);
  return `${isElsewhere ? new URL(backendOf(env, undefined)).origin : "https://api.openai.com"}/v1`;
}
