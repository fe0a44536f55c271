import type { FakeReply, FakeRequest, Route } from "./server.ts";

interface Windows {
  /** Percent used. */
  primary?: number;
  secondary?: number;
  plan?: string;
  isLimitReached?: boolean;
}

/** The body of a usage answer: a window of five hours that resets in one, and a week that resets in two days. */
export function usageBody({ primary = 10, secondary = 20, plan = "plus", isLimitReached = false }: Windows) {
  const window = (percent: number, seconds: number, resetAfter: number) => ({
    used_percent: percent,
    limit_window_seconds: seconds,
    reset_after_seconds: resetAfter,
    reset_at: Math.floor(Date.now() / 1000) + resetAfter,
  });
  return {
    plan_type: plan,
    rate_limit: {
      allowed: !isLimitReached,
      limit_reached: isLimitReached,
      primary_window: window(primary, 18_000, 3600),
      secondary_window: window(secondary, 604_800, 172_800),
    },
    additional_rate_limits: [],
    credits: { has_credits: false, unlimited: false, balance: "0" },
  };
}

/** The usage endpoint: the same for every account, until a test says otherwise for one. */
export class FakeUsage {
  readonly #answers = new Map<string, Route>();
  /** Access tokens that get 401, whosever they are. */
  readonly refusedTokens = new Set<string>();
  /** How many requests wait for an answer now, and the most that ever did. */
  waiting = 0;
  mostWaiting = 0;

  /** What the account with this workspace id is answered from now on. */
  answer(accountId: string, reply: FakeReply | Route): void {
    this.#answers.set(accountId, typeof reply === "function" ? reply : () => reply);
  }

  /** The account gets the usual answer again. */
  forget(accountId: string): void {
    this.#answers.delete(accountId);
  }

  async reply(request: FakeRequest): Promise<FakeReply> {
    this.waiting += 1;
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting);
    try {
      return await this.#replyTo(request);
    } finally {
      this.waiting -= 1;
    }
  }

  async #replyTo(request: FakeRequest): Promise<FakeReply> {
    const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
    if (this.refusedTokens.has(token)) return refusal(401, "token_expired", "The token is expired.");
    const answer = this.#answers.get(request.headers["chatgpt-account-id"]?.toString() ?? "");
    return answer ? await answer(request) : { status: 200, body: usageBody({}) };
  }
}

/** An error as OpenAI writes it. */
export function refusal(status: number, code: string, message: string): FakeReply {
  return { status, body: { error: { code, message, type: code } } };
}
