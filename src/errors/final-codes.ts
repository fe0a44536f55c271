/** The versions of Codex that were run with each code, oldest first. */
export const seenVersions = ["0.63.0", "0.169.0", "0.171.0"] as const;

interface FinalCode {
  /** The `FailureKind`: what the code is about, and so whether another account helps. */
  readonly kind: string;
  /** The oldest version that ends the turn after one request; every newer one does too. */
  readonly since: (typeof seenVersions)[number];
}

/**
 * The codes of `response.failed` after which Codex asks no second time, as seen with the real program in a cut network:
 * each was served as the first answer of a turn. Every other code makes it try again, six requests in all. What is
 * about the request is shown as it came: another account would only be asked to do what was refused already.
 */
export const finalCodes = {
  context_length_exceeded: code("contextWindow", "0.63.0"),
  insufficient_quota: code("usageLimit", "0.63.0"),
  usage_not_included: code("entitlement", "0.169.0"),
  server_is_overloaded: code("overloaded", "0.169.0"),
  model_not_found: code("modelNotFound", "0.169.0"),
  invalid_prompt: code("policy", "0.169.0"),
  cyber_policy: code("policy", "0.169.0"),
  bio_policy: code("policy", "0.169.0"),
  misalignment_policy_violation: code("policy", "0.169.0"),
  content_policy_violation: code("policy", "0.169.0"),
  inference_hook_denied: code("policy", "0.169.0"),
  access_program_not_enabled: code("policy", "0.169.0"),
  flex_unavailable: code("capacity", "0.169.0"),
  policy_capacity_unavailable: code("capacity", "0.169.0"),
  audio_too_large: code("request", "0.169.0"),
  invalid_audio: code("request", "0.169.0"),
  invalid_audio_data: code("request", "0.169.0"),
  invalid_audio_format: code("request", "0.169.0"),
  missing_audio_sample_rate: code("request", "0.169.0"),
  budget_reached: code("request", "0.169.0"),
} as const satisfies Record<string, FinalCode>;

/** The kind that one of the names stands for; undefined when none is a final code. */
export function finalKind(names: readonly string[]) {
  const found = names.find((name): name is keyof typeof finalCodes => Object.hasOwn(finalCodes, name));
  return found && finalCodes[found].kind;
}

function code<const Kind extends string>(kind: Kind, since: FinalCode["since"]) {
  return { kind, since };
}
