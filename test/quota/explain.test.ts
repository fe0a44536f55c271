import { expect, test } from "vitest";
import { explainRanking, skipReason } from "../../src/quota/explain.ts";
import { hourMs, weekMs } from "../../src/quota/limit.ts";
import { rankAccounts, type RankState } from "../../src/quota/rank.ts";
import { account, nowMs, request, shortLimit, weekLimit } from "../support/given-quota.ts";

const words = {
  name: (id: string) => `${id}@`,
  time: (atMs: number) => new Date(atMs).toISOString().slice(5, 16),
};
const alt = account("alt", [5, 38], { limits: [shortLimit(5), weekLimit(38, weekMs * 0.344)] });
const full = { block: { kind: "exhausted", sinceMs: 0, untilMs: nowMs + 26 * hourMs } } as const;
const others = [
  account("team", [0, 62]),
  account("old", [0, 0], full),
  account("x", [0, 0], { unusable: "login expired" }),
];

const cases: [what: string, state: RankState, text: string][] = [
  [
    "a choice",
    { accounts: [alt, ...others] },
    "Using alt@ (plus): score 1.71 = pace 1.80 x room 0.95 / (1 + 0 busy). 62 % of the weekly quota left, 34 % of the week to go; 5 h window 95 % free. Next: team@ 0.76. Skipped: old@ (limit reached, back 11-21T14:00), x@ (login expired).",
  ],
  [
    "a conversation that stays",
    { accounts: [account("a", [50, 50], { plan: null })], request: request({ homeId: "a" }) },
    "Using a@ (plan unknown), where this conversation's cache is: score 0.50 = pace 1.00 x room 0.50 / (1 + 0 busy). 50 % of the weekly quota left, 50 % of the week to go; 5 h window 50 % free.",
  ],
  [
    "a large busy account that was never used",
    { accounts: [account("a", [0, 0], { plan: "pro", limits: [], otherConversations: 2 })] },
    "Using a@ (pro): score 0.77 = pace 1.00 x room 1.00 / (1 + 2 busy / size 6.67). The week has not started.",
  ],
  [
    "nothing left",
    { accounts: [account("old", [0, 0], full)] },
    "No account can serve until 11-21T14:00. Skipped: old@ (limit reached, back 11-21T14:00).",
  ],
  ["nothing at all", { accounts: [] }, "There is no account to use."],
];
test.each(cases)("the text for %s", (_what, state, text) => {
  expect(explainRanking(rankAccounts(state, nowMs), words)).toBe(text);
});

const reasons: [reason: string, account: Parameters<typeof account>[2], used?: [number, number]][] = [
  ["paused", { unusable: "paused" }],
  ["limit reached, back 11-21T14:00", full],
  ["cooling down, back 11-20T12:00", { block: { kind: "transient", sinceMs: 0, untilMs: nowMs + 9000 } }],
  ["login refused, back 11-20T12:00", { block: { kind: "auth", sinceMs: 0, untilMs: nowMs + 9000 } }],
  ["100 % used", {}, [100, 20]],
  ["score 0.80", {}, [0, 60]],
];
test.each(reasons)("an account is passed over: %s", (reason, over, used = [0, 0]) => {
  const [first] = rankAccounts({ accounts: [account("a", used, over)] }, nowMs).ranked;
  expect(first && skipReason(first, words)).toBe(reason);
});

test("an account that failed this request is passed over for that", () => {
  const tried = request({ triedIds: new Set(["a"]) });
  const text = explainRanking(
    rankAccounts({ accounts: [account("a", [0, 0])], request: tried }, nowMs),
    words,
  );
  expect(text).toBe("No account can serve. Skipped: a@ (failed this request).");
});
