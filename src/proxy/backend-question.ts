import { parseJson } from "../accounts/unknown-value.ts";
import type { Account } from "../store/account.ts";
import { backendUrl } from "../upstream/backend.ts";
import { readStart } from "./upstream.ts";
import type { Upstream } from "./upstream.ts";

export interface BackendQuestions {
  readonly upstream: Upstream;
  /** As `backendOf` gives it. */
  readonly backend: string;
  readonly headersMs: number;
}

/** A side question of Codex, which costs no quota, with an account's own login. Status 0: no answer. */
export async function askBackend(
  { upstream, backend, headersMs }: BackendQuestions,
  name: Parameters<typeof backendUrl>[1],
  { accessToken, identity }: Account["login"],
): Promise<{ status: number; payload: unknown }> {
  const url = new URL(backendUrl(backend, name));
  const headers = ["host", url.host, "authorization", `Bearer ${accessToken}`];
  if (identity.kind === "seat") headers.push("chatgpt-account-id", identity.accountId);
  headers.push("accept", "application/json", "originator", "codex_cli_rs", "user-agent", "codex_cli_rs");
  const target = { origin: url.origin, path: url.pathname, method: "GET", headers, body: null } as const;
  const answer = await upstream.send({ ...target, headersMs }).answer;
  if (answer.kind === "lost") return { status: 0, payload: null };
  const { bytes } = await readStart(answer.response, headersMs);
  if (!answer.response.complete) answer.request.destroy();
  const status = answer.response.statusCode ?? 0;
  return { status, payload: status === 200 ? parseJson(bytes.toString()) : null };
}
