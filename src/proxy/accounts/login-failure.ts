import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import { toErrorEnvelope } from "../../errors/envelope.ts";
import type { Choice, ChoiceState } from "./choose-account.ts";
import type { LoginReading } from "./access-tokens.ts";

type Missing = Extract<LoginReading, { kind: "none" }>;

/** What it means for a request that an account has no access token now. Only a refusal is about the login. */
export function loginFailure(
  { why, isIssuerDown, isOffline = false }: Missing,
  nowMs: number,
): FailureClassification {
  const message = `The login could not be renewed: ${why}`;
  if (!isIssuerDown) {
    const failure = classifyFailure({ status: 401, body: { message } }, nowMs, { isAfterRefresh: true });
    return named(failure, "login_expired");
  }
  if (isOffline)
    return named(classifyFailure(new Error(message), nowMs, { stage: "connect" }), "network_unreachable");
  return named(classifyFailure({ status: 503, body: { message } }, nowMs), "refresh_uncertain");
}

/** Under the codes that commands have for it. */
function named(failure: FailureClassification, code: string): FailureClassification {
  const { message, type } = failure.envelope.error;
  return { ...failure, envelope: toErrorEnvelope({ message, type, code }) };
}

/** True when an account failed because of its login, so that the message tells more than the code. */
export function isLoginFailure({ envelope }: FailureClassification): boolean {
  return ["login_expired", "network_unreachable", "refresh_uncertain"].includes(envelope.error.code);
}

/**
 * The first of the renewals that a request may wait for when nobody else can serve it; null when there is none. Only of
 * accounts that are in the choice and have not failed it.
 */
export function renewalFor(
  { accessTokens }: Pick<ChoiceState, "accessTokens">,
  { ranking }: Choice,
  triedIds: ReadonlySet<string>,
): Promise<void> | null {
  const waiting = ranking.ranked.flatMap(({ id, tier }) => {
    const renewal = triedIds.has(id) || tier === "unusable" ? undefined : accessTokens.needed.get(id);
    return renewal === undefined ? [] : [renewal];
  });
  return waiting.length === 0 ? null : Promise.race(waiting);
}
