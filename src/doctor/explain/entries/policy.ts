import type { Entry } from "../known-error.ts";

/** Texts of safety checks, hooks and budgets that stop a turn. */
export const policyEntries: readonly Entry[] = [
  {
    id: "cyber_flag",
    title: "OpenAI takes the work for a cybersecurity risk",
    says: /(?:high-risk cyber activity|possible cybersecurity risk|flagged for (?:possible )?cyber|trusted access for cyber|cybersecurity requests|chatgpt\.com\/cyber)/i,
    codes: ["cyber_policy", "cyberPolicy"],
    cause:
      "A safety check has flagged the request or the account: the request is refused, slowed down, or answered by another model. The login and the quota are fine.",
    fix: "Say more clearly what the work is for, or start a new thread. If you do security work, you can apply for trusted access: https://chatgpt.com/cyber. If another account has it: codex auth switch <account>",
    checks: [],
    example:
      "Your account was flagged for potentially high-risk cyber activity and this request was routed to gpt-5.2 as a fallback. To regain access to gpt-5.3-codex, apply for trusted access: https://chatgpt.com/cyber",
  },
  {
    id: "bio_flag",
    title: "OpenAI takes the request for a biological risk",
    says: /possible biological risk|flagged for .{0,30}biolog/i,
    codes: ["bio_policy", "bioPolicy"],
    cause:
      "A safety check has refused the request. The login and the quota are fine; another account gets the same answer.",
    fix: "Say more clearly what the work is for, or start a new thread without that content.",
    checks: [],
    example: "This request has been flagged for possible biological risk.",
  },
  {
    id: "policy_blocked",
    title: "A safety rule of OpenAI refuses the content",
    says: /limited access to this content for safety|invalid prompt|reason: content_filter|content can't be shown/i,
    codes: [
      "invalid_prompt",
      "content_policy_violation",
      "misalignment_policy_violation",
      "misalignmentPolicyViolation",
    ],
    cause:
      "The request, or what the model was about to say, breaks a rule. Another account gets the same answer.",
    fix: "Put the request in other words, or start a new thread.",
    checks: [],
    example: "Invalid prompt: we've limited access to this content for safety reasons.",
  },
  {
    id: "inference_hook_denied",
    title: "A hook of the workspace refused the request",
    says: /inference hook/i,
    codes: ["inference_hook_denied", "inferenceHookDenied"],
    cause:
      "The administrator of the workspace checks requests before the model sees them, and this one was refused.",
    fix: "Ask the administrator what is allowed, or use an account outside that workspace: codex auth switch <account>",
    checks: [],
    example: "The workspace's inference hook denied this request.",
  },
  {
    id: "flex_unavailable",
    title: "There is no free capacity for flex requests now",
    says: /flex (?:processing |tier )?(?:is )?(?:currently )?unavailable/i,
    codes: ["flex_unavailable", "flexUnavailable"],
    cause: 'service_tier = "flex" is cheaper, and works only while there is free capacity.',
    fix: "Try again later, or remove service_tier from config.toml.",
    checks: ["config"],
    example: '{"error":{"code":"flex_unavailable","message":"Flex processing is unavailable"}}',
  },
  {
    id: "too_many_denials",
    title: "Too many actions were refused in a row",
    codes: ["tooManyDenials"],
    says: /too many (?:consecutive )?denials/i,
    cause:
      "The reviewer or the approval policy refused what Codex wanted to do, again and again, so it stopped.",
    fix: "Look at what was refused, and allow it, or ask for another way; sandbox_mode and approval_policy in config.toml decide.",
    checks: ["config"],
    example: '"codexErrorInfo":"tooManyDenials"',
  },
  {
    id: "turn_aborted",
    title: "The turn was stopped",
    says: /turn aborted|interrupted \(ctrl-c\)|conversation interrupted/i,
    cause: "Somebody pressed Ctrl-C or Esc, or the program that started Codex stopped it.",
    fix: "Nothing is broken. To continue the thread: codex resume",
    checks: [],
    example: "turn aborted. Something went wrong? Hit `/feedback` to report the issue.",
  },
];
