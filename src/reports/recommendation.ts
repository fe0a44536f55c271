import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type Account, accountNames } from "../pool/account.ts";
import { accountState } from "../pool/state.ts";
import type { Zod } from "../program/command.ts";
import type { RankedAccount } from "../quota/candidate.ts";
import { explainRanking, explainWindows, type ExplainWords, skipReason } from "../quota/explain.ts";
import { rankAccounts, type Ranking } from "../quota/rank.ts";
import { clockText, relativeText } from "../text/times.ts";
import { capitalized } from "../text/words.ts";
import { type PoolState, readPoolState } from "./pool.ts";

/** Which account to use next, and why. */
export const recommendationSchema = (z: Zod) =>
  z.object({
    kind: z.enum(["use", "wait", "none"]).describe("none: no account can be used, now or later"),
    id: z.string().nullable().describe("`id` of the account to use; with `wait` the first to return"),
    name: z.string().nullable(),
    until: z.iso.datetime().nullable().describe("with `wait`: when the first account returns"),
    reason: z.string().describe("for a person"),
    hint: z.string().nullable().describe("the command that helps when nothing can be used"),
    explanation: z.string().describe("for a person: every term of the score, and who was passed over"),
  });

/** An account as the ranking saw it. */
export const candidateSchema = (z: Zod) =>
  z.object({
    rank: z.int().min(1),
    id: z.string(),
    row: z.int().min(1),
    name: z.string(),
    plan: z.string().nullable(),
    active: z.boolean(),
    tier: z.enum(["normal", "tail", "full", "tried", "blocked", "unusable"]),
    score: z.number().describe("pace x room / (1 + busy / size)"),
    pace: z
      .number()
      .describe("share of the long window's quota that is left / share of its time that is left"),
    room: z.number().describe("share of a short window that can be used before it ends"),
    size: z.number().describe("of the plan's quota; Plus is 1"),
    busy: z.number(),
    shortFreePercent: z.number(),
    longFreePercent: z.number(),
    isChosen: z.boolean(),
    reason: z.string().describe("for a person: why it was chosen or passed over"),
  });

export interface Recommendation {
  kind: "use" | "wait" | "none";
  id: string | null;
  name: string | null;
  until: string | null;
  reason: string;
  hint: string | null;
  explanation: string;
}

type CandidateReport = ReturnType<typeof reportCandidate>;

/** The pool ranked for a new conversation that nothing competes with. */
export function rankPool({ candidates, nowMs }: PoolState): Ranking {
  return rankAccounts({ accounts: candidates }, nowMs);
}

export function recommend(state: PoolState, ranking: Ranking): Recommendation {
  const words = wordsOf(state);
  const explanation = explainRanking(ranking, words);
  const about = { hint: null, explanation };
  const { decision, ranked } = ranking;
  if (decision.kind !== "wait") {
    const chosen = ranked.find(({ id }) => id === decision.accountId);
    const reason = chosen ? reasonFor(chosen) : explanation;
    const { accountId } = decision;
    return { kind: "use", id: accountId, name: words.name(accountId), until: null, reason, ...about };
  }
  const first = ranked.find(({ block }) => block !== null && block.untilMs === decision.untilMs);
  if (decision.untilMs === null || first === undefined) {
    const reason = ranked.length === 0 ? "there are no accounts yet" : "no account can be used";
    const hint = hintFor(state, ranked);
    return { kind: "none", id: null, name: null, until: null, reason, hint, explanation };
  }
  const name = words.name(first.id);
  const until = new Date(decision.untilMs).toISOString();
  const isRenewal = first.block?.kind === "unclear" || first.block?.kind === "backing-off";
  const why = isRenewal
    ? `no account can be used: ${skipReason(first, words)}`
    : "every usable account is at its limit";
  const time = words.time(decision.untilMs);
  const back = first.block?.isGuess ? `perhaps ${time} (a guess)` : time;
  const reason = `${why}; ${name} returns first, ${back}`;
  const hint = isRenewal ? `codex auth check ${first.id}` : null;
  return { kind: "wait", id: first.id, name, until, reason, ...about, hint };
}

/** What is paused is back at once; the others need more. */
function hintFor({ snapshot, nowMs }: PoolState, ranked: readonly RankedAccount[]): string {
  if (ranked.length === 0) return "codex auth import";
  const accounts = ranked.flatMap(({ id }) => snapshot.pool.accounts.find((each) => each.id === id) ?? []);
  const first = accounts.find(({ pausedAt, flag }) => pausedAt !== null && !flag) ?? accounts[0];
  return (first && accountState(first, null, nowMs).remedy) ?? "codex auth login";
}

function reasonFor(chosen: RankedAccount): string {
  const { terms } = chosen;
  const isUnknown =
    terms.shortWindowMinutes === null && terms.weekResetsAtMs === null && terms.usedPercent === 0;
  if (isUnknown) return "nothing of it is known to be used";
  const text = explainWindows(chosen);
  return `${text.charAt(0).toLowerCase()}${text.slice(1, -1)}`;
}

/** Best first. */
export function reportCandidates(state: PoolState, ranking: Ranking): CandidateReport[] {
  const { accounts } = state.snapshot.pool;
  const rows = new Map(accounts.map(({ id }, index) => [id, index + 1]));
  // Made once: naming one account takes a look at all.
  const words = wordsOf(state);
  return ranking.ranked.map((each, index) =>
    reportCandidate(each, index + 1, { state, ranking, words, row: rows.get(each.id) ?? 0 }),
  );
}

interface Place {
  state: PoolState;
  ranking: Ranking;
  words: ExplainWords;
  row: number;
}

function reportCandidate(each: RankedAccount, rank: number, { state, ranking, words, row }: Place) {
  const { pool, active } = state.snapshot;
  const { terms, tier, id, plan } = each;
  const { label = null, login } = pool.accounts[row - 1] ?? {};
  const isChosen = ranking.decision.kind !== "wait" && ranking.decision.accountId === id;
  const isCandidate = tier === "normal" || tier === "tail";
  return {
    rank,
    id,
    row,
    name: label ?? login?.email ?? id,
    plan,
    active: active?.id === id,
    tier,
    score: twoDecimals(terms.score),
    pace: twoDecimals(terms.pace),
    room: twoDecimals(terms.room),
    size: twoDecimals(terms.size),
    busy: terms.busy,
    shortFreePercent: Math.round(terms.shortFree * 100),
    longFreePercent: Math.round(terms.weekFree * 100),
    isChosen,
    reason: isChosen
      ? "the best score"
      : isCandidate
        ? comparedWords(each, ranking)
        : skipReason(each, words),
  };
}

function comparedWords({ tier, terms }: RankedAccount, { ranked }: Ranking): string {
  if (tier === "tail") return `nearly empty: ${Math.round(terms.usedPercent)} % used`;
  return terms.score === ranked[0]?.terms.score ? "the same score" : "a lower score";
}

function wordsOf({ snapshot, nowMs }: PoolState): ExplainWords {
  return {
    name: accountNames(snapshot.pool.accounts),
    time: (atMs) => clockText(new Date(atMs).toISOString(), nowMs),
  };
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The account that `forecast` recommends, and why. Throws `no_account_ready` when none can serve now. */
export async function autoSelect(ctx: Context): Promise<{ account: Account; reason: string }> {
  const state = await readPoolState(ctx);
  const { kind, id: chosenId, reason, until, hint } = recommend(state, rankPool(state));
  const account = state.snapshot.pool.accounts.find(({ id }) => id === chosenId);
  if (kind === "use" && account !== undefined) return { account, reason };
  const back = until === null ? "" : ` (${relativeText(until, state.nowMs)})`;
  const sentence = `${capitalized(reason)}${back}.`;
  throw new CodexAuthError("no_account_ready", `${sentence} Nothing was switched.`, {
    hint:
      (hint && `What helps: ${hint}`) ??
      "To switch all the same: codex auth switch <account>. Why: codex auth why",
  });
}
