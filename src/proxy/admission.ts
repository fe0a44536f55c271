import { isCodexClient, proxyAnswer } from "../errors/proxy-answer.ts";
import type { ProxyAnswer } from "../errors/proxy-answer.ts";
import { findRefusal, isFromThisMachine, shownToken } from "./guard.ts";
import type { Knock, Refusal } from "./guard.ts";
import type { RotationParts } from "./parts.ts";

const strangerText =
  "The rotation proxy does not know the login of this Codex, or its token has ended. Start Codex anew. If it has a CODEX_HOME of its own, take its login in: codex auth import. An API key is not let in: use a ChatGPT login of the pool.";

/** The answer to a request that is not let in, before its body is read; null for one that is. */
export async function refusalOf(
  { pool, now }: Pick<RotationParts, "pool" | "now">,
  knock: Knock,
): Promise<ProxyAnswer | null> {
  // Whose token it is may just have been removed.
  if (knock.target.key === null) await pool.settled();
  const first = findRefusal(knock);
  if (first !== "unauthorized" || !isCodexOfAnotherLogin(knock)) return answerTo(first);
  // It may have renewed its token a moment ago.
  await pool.reloadSeldom(now());
  const second = findRefusal(knock);
  if (second !== "unauthorized") return answerTo(second);
  // After a 401 Codex would renew the user's own login six times.
  return proxyAnswer({ kind: "no-account", message: strangerText }, { isCodex: true, nowMs: 0 });
}

function isCodexOfAnotherLogin(knock: Knock): boolean {
  const { request, target } = knock;
  const isOnPath = target.key === null && target.route !== null;
  return (
    isOnPath && isFromThisMachine(knock) && isCodexClient(request.headers) && shownToken(request) !== null
  );
}

function answerTo(refusal: Refusal | null): ProxyAnswer | null {
  return refusal === null ? null : refusalAnswer(refusal);
}

export function refusalAnswer(refusal: Refusal): ProxyAnswer {
  return proxyAnswer({ kind: refusal }, { isCodex: false, nowMs: 0 });
}
