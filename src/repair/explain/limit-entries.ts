import { anotherAccount, statusPattern } from "./entry.ts";
import type { Entry } from "./entry.ts";

/** Texts about quotas, plans and money, and servers that have too much to do. */
export const limitEntries: readonly Entry[] = [
  {
    id: "usage_limit",
    title: "The usage window of this account is used up",
    says: /hit your usage limit|reached your usage limit|usage (?:limit|cap) (?:has been )?reached/i,
    codes: ["usage_limit_reached", "usageLimitExceeded"],
    explains: ["too_many_requests"],
    cause:
      "The five-hour or the weekly window of the account is spent. It fills again by itself at its reset.",
    fix: anotherAccount,
    checks: ["credentials"],
    example:
      "You’ve hit your usage limit. Visit the usage page to purchase more credits or try again at 2:26 PM.",
  },
  {
    id: "workspace_credits",
    title: "The workspace has no credits left",
    says: /workspace is out of credits|workspace credit limit|you're out of credits/i,
    codes: ["workspace_member_credits_depleted", "workspace_owner_credits_depleted"],
    explains: ["too_many_requests"],
    cause: "The workspace pays by credits and has used them up. That does not come back by itself.",
    fix: `Ask its owner to add credits. ${anotherAccount}`,
    checks: [],
    example: "Your workspace is out of credits. Ask your workspace owner to refill in order to continue.",
  },
  {
    id: "spend_cap",
    title: "The spend cap of the workspace is reached",
    says: /spend cap/i,
    codes: ["workspace_member_usage_limit_reached", "workspace_owner_usage_limit_reached"],
    explains: ["too_many_requests"],
    cause:
      "The owner of the workspace has set how much may be spent, by each member or by all. It is no usage limit: waiting does not end it.",
    fix: "Ask an owner of the workspace to raise the cap, or use another account now: codex auth switch --auto",
    checks: [],
    example:
      "You hit your spend cap set by the owner of your workspace. Ask an owner to increase your spend cap to continue.",
  },
  {
    id: "plan_without_codex",
    title: "The plan of this account does not include Codex",
    says: /to use codex with your chatgpt plan|not included in your .{0,40}(?:plan|subscription)|(?:plan|subscription) does not include/i,
    codes: ["usage_not_included"],
    cause: "The account may sign in, but its plan has no Codex.",
    fix: "Upgrade the plan, or use another account: codex auth switch <account>",
    checks: [],
    example: "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.",
  },
  {
    id: "quota_exceeded",
    title: "The API account has no budget left",
    says: /(?:quota exceeded|exceeded your current quota)|billing details/i,
    codes: ["insufficient_quota", "organization_usage_limit_exceeded"],
    explains: ["too_many_requests"],
    cause: "The key belongs to an organization whose budget or prepaid credit is spent.",
    fix: "Add credit at platform.openai.com, or use another account: codex auth switch <account>",
    checks: ["env_override"],
    example: "Quota exceeded. Check your plan and billing details.",
  },
  {
    id: "too_many_requests",
    title: "429: too many requests",
    says: /rate limit (?:is exceeded|exceeded|reached)\b/i,
    status: statusPattern(429, "too many requests|rate[ _-]?limit(?:ed)?"),
    codes: ["rate_limit_exceeded", "rateLimitExceeded"],
    cause:
      "The server slows this account down, or its window is used up. A limit resets by itself; nothing has to be restarted.",
    fix: `Wait for the time that the text names. ${anotherAccount}`,
    checks: ["credentials"],
    example: "exceeded retry limit, last status: 429 Too Many Requests, request id: req_1",
  },
  {
    id: "overloaded",
    title: "The server, or the model for this account, is at capacity",
    says: /model is at capacity|experiencing high (?:demand|load)|servers? (?:is|are) (?:currently )?overloaded/i,
    status: statusPattern("503|529", "service unavailable|overloaded|slow[_ ]down"),
    codes: ["server_is_overloaded", "slow_down", "serverOverloaded"],
    cause:
      "OpenAI has too much to do; the login and the network are fine. “At capacity” may last for hours for one account while another one works.",
    fix: "Try another account (codex auth switch --auto), another model, or again in a few minutes.",
    checks: [],
    example: "Selected model is at capacity. Please try a different model.",
  },
  {
    id: "policy_capacity",
    title: "The capacity that the workspace's policy allows is taken",
    says: /policy-restricted capacity/i,
    codes: ["policy_capacity_unavailable", "policyCapacityUnavailable"],
    cause:
      "The workspace restricts where or on what its requests run, and there is no room there now. The login is fine.",
    fix: "Try again later, or use an account outside that workspace: codex auth switch <account>",
    checks: [],
    example: "Policy-restricted capacity is unavailable. Please try again later.",
  },
  {
    id: "server_error",
    title: "The server failed",
    says: /an error occurred while processing your request|server had an error/i,
    status: statusPattern("50[024]", "internal server error|bad gateway|gateway time-?out"),
    codes: ["server_error", "upstream_error", "internalServerError"],
    cause: "OpenAI, or a proxy on the way, failed. Nothing on this machine is wrong.",
    fix: "Try again in a few minutes; status.openai.com tells of known trouble. If it comes at the same place of a thread each time, start a new thread.",
    checks: ["proxy_set"],
    example: "unexpected status 502 Bad Gateway: upstream connect error",
  },
];
