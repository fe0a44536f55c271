import { returnWords, whyBlocked } from "./block.ts";
import type { RankedAccount } from "./candidate.ts";
import type { Decision, Ranking } from "./rank.ts";

/** How the text names accounts and times; the caller knows labels and the local clock. */
export interface ExplainWords {
  readonly name: (accountId: string) => string;
  /** For example `Thu 14:05`. */
  readonly time: (atMs: number) => string;
}

/**
 * The ranking in words, every term of the winner included:
 * `Using alt@… (plus): score 1.71 = pace 1.80 x room 0.95 / (1 + 0 busy). 62 % of the week left …`
 */
export function explainRanking({ decision, ranked }: Ranking, words: ExplainWords): string {
  const chosen = decision.kind === "wait" ? undefined : ranked.find((each) => each.id === decision.accountId);
  const parts = [headline(decision, chosen, words)];
  if (chosen !== undefined) parts.push(explainWindows(chosen));
  const others = ranked.filter((each) => each.id !== chosen?.id);
  const next = others.find((each) => isCandidate(each));
  if (next !== undefined) parts.push(`Next: ${words.name(next.id)} ${next.terms.score.toFixed(2)}.`);
  const skipped = others.filter((each) => !isCandidate(each));
  if (skipped.length > 0)
    parts.push(`Skipped: ${skipped.map((each) => explainSkip(each, words)).join(", ")}.`);
  return parts.join(" ");
}

function isCandidate({ tier }: RankedAccount): boolean {
  return tier === "normal" || tier === "tail";
}

function headline(decision: Decision, chosen: RankedAccount | undefined, words: ExplainWords): string {
  if (decision.kind === "wait" || chosen === undefined) return explainWait(decision, words);
  const name = words.name(chosen.id);
  if (decision.kind === "hold") {
    return `Waiting for ${name} until ${words.time(decision.untilMs)}: this conversation's cache is there.`;
  }
  const stays = decision.reason === "cache" ? ", where this conversation's cache is" : "";
  const plan = chosen.plan === null ? "plan unknown" : chosen.plan;
  return `Using ${name} (${plan})${stays}: ${explainScore(chosen)}.`;
}

function explainWait(decision: Decision, words: ExplainWords): string {
  if (decision.kind !== "wait") return "No account.";
  const until = decision.untilMs === null ? "" : ` until ${words.time(decision.untilMs)}`;
  switch (decision.reason) {
    case "exhausted":
      return `No account can serve${until}.`;
    case "reserved":
      return `What is left is kept for the turns that run${until}.`;
    case "no-account":
      break;
  }
  return "There is no account to use.";
}

/** `score 1.71 = pace 1.80 x room 0.95 / (1 + 0 busy)`; accounts of another size divide by it. */
function explainScore({ terms }: RankedAccount): string {
  const { score, pace, room, busy, size } = terms;
  const bySize = size === 1 || busy === 0 ? "" : ` / size ${size.toFixed(2)}`;
  return `score ${score.toFixed(2)} = pace ${pace.toFixed(2)} x room ${room.toFixed(2)} / (1 + ${busy} busy${bySize})`;
}

/** What the windows of an account leave. */
export function explainWindows({ terms }: RankedAccount): string {
  const { weekFree, weekLeft, weekResetsAtMs, shortFree, shortWindowMinutes } = terms;
  const week =
    weekResetsAtMs === null
      ? "The week has not started"
      : `${percent(weekFree)} of the weekly quota left, ${percent(weekLeft)} of the week to go`;
  if (shortWindowMinutes === null) return `${week}.`;
  return `${week}; ${Number((shortWindowMinutes / 60).toFixed(1))} h window ${percent(shortFree)} free.`;
}

function explainSkip(account: RankedAccount, words: ExplainWords): string {
  return `${words.name(account.id)} (${skipReason(account, words)})`;
}

/** Why an account was passed over, in a few words. */
export function skipReason({ tier, block, unusable, terms }: RankedAccount, words: ExplainWords): string {
  switch (tier) {
    case "unusable":
      return unusable ?? "not usable";
    case "blocked":
      return block === null
        ? "not usable"
        : `${whyBlocked(block)}, ${returnWords(block, words.time(block.untilMs))}`;
    case "full":
      return `${Math.round(terms.usedPercent)} % used`;
    case "tried":
      return "failed this request";
    case "normal":
    case "tail":
      break;
  }
  return `score ${terms.score.toFixed(2)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
