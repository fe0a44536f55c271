import type { Entry } from "./entry.ts";

const another =
  "Use another account now: codex auth switch --auto. codex auth forecast shows when each window resets.";

/** Texts about quotas and plans, and refusals of the server that are no fault of the login. */
export const limitEntries: readonly Entry[] = [
  {
    id: "usage_limit",
    title: "The usage window of this account is used up",
    pattern: /hit your usage limit|usage_limit_reached|usage (?:limit|cap) (?:has been )?reached/i,
    cause:
      "The five-hour or the weekly window of the account is spent. It fills again by itself at its reset.",
    fix: another,
    checks: ["credentials"],
    example:
      "You’ve hit your usage limit. Visit the usage page to purchase more credits or try again at 2:26 PM.",
  },
  {
    id: "workspace_credits",
    title: "The workspace has no credits left",
    pattern: /workspace is out of credits|credits_depleted/i,
    cause: "The workspace pays by credits and has used them up.",
    fix: `Ask its owner to add credits. ${another}`,
    checks: [],
    example: "Your workspace is out of credits. Ask your workspace owner to refill in order to continue.",
  },
  {
    id: "plan_without_codex",
    title: "The plan of this account does not include Codex",
    pattern: /to use codex with your chatgpt plan|usage_not_included/i,
    cause: "The account may sign in, but its plan has no Codex.",
    fix: "Upgrade the plan, or use another account: codex auth switch <account>",
    checks: [],
    example: "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.",
  },
  {
    id: "quota_exceeded",
    title: "The API account has no budget left",
    pattern: /quota exceeded|insufficient_quota|organization_usage_limit_exceeded|billing details/i,
    cause: "The key belongs to an organization whose budget or prepaid credit is spent.",
    fix: "Add credit at platform.openai.com, or use another account: codex auth switch <account>",
    checks: ["env_override"],
    example: "Quota exceeded. Check your plan and billing details.",
  },
  {
    id: "too_many_requests",
    title: "429: too many requests",
    pattern: /\b429\b|too many requests|rate[ _-]?limit/i,
    isGeneral: true,
    cause:
      "The server slows this account down, or its window is used up. A limit resets by itself; nothing has to be restarted.",
    fix: `Wait for the time that the text names. ${another}`,
    checks: ["credentials"],
    example: "exceeded retry limit, last status: 429 Too Many Requests, request id: req_1",
  },
  {
    id: "overloaded",
    title: "The server is overloaded",
    pattern: /\b503\b|at capacity|overloaded|slow[_ ]down|service unavailable/i,
    isGeneral: true,
    cause: "OpenAI has too much to do; the login and the network are fine.",
    fix: "Try again in a few minutes, or with another model.",
    checks: [],
    example: "Selected model is at capacity. Please try a different model.",
  },
  {
    id: "server_error",
    title: "The server failed",
    pattern: /\b50[024]\b|internal server error|bad gateway|gateway timeout|server_error/i,
    isGeneral: true,
    cause: "OpenAI, or a proxy on the way, failed. Nothing on this machine is wrong.",
    fix: "Try again in a few minutes; status.openai.com tells of known trouble.",
    checks: ["proxy_set"],
    example: "unexpected status 502 Bad Gateway: upstream connect error",
  },
  {
    id: "forbidden",
    title: "403: the account may not do this, or the network is blocked",
    pattern: /\b403\b|\bforbidden\b|cf-ray|just a moment|unsupported_country/i,
    isGeneral: true,
    cause:
      "The workspace or plan forbids it, the country is not served, or a browser check (an HTML page) stands between this network and OpenAI.",
    fix: "codex auth doctor --live tells a blocked network from a refused account; codex auth switch <account>",
    checks: ["credentials", "network"],
    example: "unexpected status 403 Forbidden: You do not have access to this workspace",
  },
  {
    id: "context_too_long",
    title: "The conversation is longer than the model can read",
    pattern: /ran out of room in the model|context_length_exceeded|context window/i,
    cause: "The thread has outgrown the context of the model.",
    fix: "Type /compact or start a new thread.",
    checks: [],
    example:
      "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.",
  },
];
