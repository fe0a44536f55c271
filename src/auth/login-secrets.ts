import { codexClientId } from "./token-endpoint.ts";

/** What ties the answer of the browser to this login: PKCE with S256, and the state. */
export interface LoginSecrets {
  verifier: string;
  challenge: string;
  state: string;
}

/** As many random bytes as Codex takes. */
export function newLoginSecrets(): LoginSecrets {
  const { createHash, randomBytes } = crypto();
  const verifier = randomBytes(64).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return { verifier, challenge, state: randomBytes(32).toString("base64url") };
}

/** Compares without telling by its time how much was right. */
export function isSameSecret(a: string, b: string): boolean {
  const { createHash, timingSafeEqual } = crypto();
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const scope = "openid profile email offline_access api.connectors.read api.connectors.invoke";

interface Request extends Pick<LoginSecrets, "challenge" | "state"> {
  issuer: string;
  redirectUri: string;
  /** The only workspace that config.toml allows; null when it is left to the person. */
  workspaceId: string | null;
}

/** The address that a person opens to sign in, with the parameters that Codex sends. */
export function authorizeUrl({ issuer, redirectUri, challenge, state, workspaceId }: Request): string {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: codexClientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: "S256",
    state,
    scope,
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    originator: "codex_cli_rs",
  });
  if (workspaceId !== null) query.set("allowed_workspace_id", workspaceId);
  return `${issuer}/oauth/authorize?${query.toString()}`;
}

/** node:crypto is slow to load; see store/hash.ts. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}
