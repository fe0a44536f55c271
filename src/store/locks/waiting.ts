import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { heldError, type Obstacle, processesText, type StoreContext } from "../context.ts";

const pollMs = { renewal: 250, codex: 250, locks: 50 };
const codexMs = 10_000;
/** The deadline of a renewal's request, and what comes after it. */
const renewalMs = 140_000;

/** How long a transaction has waited for what. */
export class Waiting {
  readonly #ctx: Pick<StoreContext, "sleep" | "now" | "onWait">;
  readonly #deadlines = new Map<string, number>();
  #last: Obstacle | null = null;

  constructor(ctx: Pick<StoreContext, "sleep" | "now" | "onWait">) {
    this.#ctx = ctx;
  }

  /** Waits for a moment; throws when it has been long enough. */
  async pause(obstacle: Obstacle): Promise<void> {
    const { sleep, onWait } = this.#ctx;
    const leftMs = this.#deadlineOf(obstacle) - Date.now();
    if (leftMs <= 0) throw obstacleError(obstacle);
    this.#last = obstacle;
    onWait?.({ obstacle, leftMs });
    await sleep(pollMs[obstacle.kind]);
  }

  /** Says that the wait is over, if there was one. */
  end(): void {
    if (this.#last) this.#ctx.onWait?.({ obstacle: this.#last, leftMs: 0 });
    this.#last = null;
  }

  /** In real time: the locks and processes of others know no clock of ours. */
  #deadlineOf(obstacle: Obstacle): number {
    const key = obstacle.kind === "renewal" ? `${obstacle.pid} ${obstacle.startedAt}` : obstacle.kind;
    const known = this.#deadlines.get(key);
    if (known !== undefined) return known;
    const deadlineMs = Date.now() + this.#limitMs(obstacle);
    this.#deadlines.set(key, deadlineMs);
    return deadlineMs;
  }

  #limitMs(obstacle: Obstacle): number {
    if (obstacle.kind !== "renewal") return codexMs;
    const ageMs = this.#ctx.now() - Date.parse(obstacle.startedAt);
    return Math.min(renewalMs, Math.max(codexMs, renewalMs - ageMs));
  }
}

function obstacleError(obstacle: Obstacle): CodexAuthError {
  if (obstacle.kind === "codex") return codexError(obstacle);
  if (obstacle.kind === "locks") return heldError();
  const { name, pid, startedAt } = obstacle;
  const message = `codex-auth itself is renewing ${name} (process ${pid}, since ${startedAt}), and that has not ended.`;
  return new CodexAuthError("auth_lock_blocked", message, {
    hint: "Nothing was changed. Run the command again in a minute; to kill that process could lose the new token.",
  });
}

function codexError({ name, processes }: Extract<Obstacle, { kind: "codex" }>): CodexAuthError {
  const who = processesText(processes);
  const message = `Codex runs (${who}) and may be renewing ${name}, whose access token has ended or is about to: its new token would be lost.`;
  return new CodexAuthError("login_in_use", message, {
    hint: "Nothing was changed. Let that Codex work on or end it, then run the command again. Where it only waits, this renews the login first: codex auth check",
  });
}
