import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { codeInWords, isConnectFailure, networkCode } from "../upstream/network-failure.ts";
import type { Fetch } from "../upstream/network-failure.ts";

export interface IssuerEffects {
  fetch: Fetch;
  /** Aborted by Ctrl-C. */
  stop: AbortSignal;
}

/** A form, or a JSON document. */
type Body = URLSearchParams | object;

const deadlineMs = 60_000;

/** Posts to the issuer and reads the answer; whatever goes wrong on the way is told as trouble of the network. */
export async function askIssuer<T>(
  { fetch, stop }: IssuerEffects,
  url: string,
  body: Body,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(deadlineMs)]);
    return await read(await fetch(url, { ...post(body), signal }));
  } catch (error) {
    stop.throwIfAborted();
    if (error instanceof CodexAuthError) throw error;
    throw networkError(error);
  }
}

function post(body: Body): RequestInit {
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  return {
    method: "POST",
    headers: { "content-type": type, originator: "codex_cli_rs" },
    body: isForm ? body.toString() : JSON.stringify(body),
    // A redirect would carry the code to another place.
    redirect: "error",
  };
}

function networkError(cause: unknown): CodexAuthError {
  const isUnsent = isConnectFailure(cause);
  const code = isUnsent ? "network_unreachable" : "upstream_unavailable";
  const what = isUnsent ? "cannot be reached" : "did not answer";
  return new CodexAuthError(code, `The issuer ${what}: ${codeInWords(networkCode(cause))}.`, {
    hint: "Nothing was changed. Check the network, then start again: codex auth login",
    cause,
  });
}
