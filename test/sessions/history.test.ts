import { expect, it } from "vitest";
import { hourMs, minuteMs, weekMs } from "../../src/quota/limit.ts";
import { readSessionHistory } from "../../src/sessions/history.ts";
import { makeHome, meta, startMs, tokenCount } from "../support/given-sessions.ts";

const at = (minutes: number, percent: number, resetHours = 5) =>
  tokenCount({ atMs: startMs + minutes * minuteMs, short: [percent, resetHours] });

function history(home: { path: string }, nowMs = startMs + hourMs) {
  const idOf = ({ accountId }: { accountId: string }) => (accountId === "acct-x" ? null : accountId);
  return readSessionHistory({ homes: [home.path], nowMs, idOf }).map(
    ({ accountId, atMs, percent, overMs }) => {
      return [accountId, (atMs - startMs) / minuteMs, percent, overMs / minuteMs];
    },
  );
}

it("the history is every rise of an account's percentage, its sessions side by side", () => {
  using home = makeHome();
  home.write("one", meta("1") + at(0, 10) + at(1, 10) + at(10, 14));
  home.write("two", meta("2") + at(5, 12) + at(20, 15));
  home.write("three", meta("3", { creator_account_id: "acct-b" }) + at(0, 50) + at(8, 51));
  expect(history(home).toSorted()).toEqual([
    ["acct-a", 10, 2, 5],
    ["acct-a", 20, 1, 10],
    ["acct-a", 5, 2, 5],
    ["acct-b", 8, 1, 8],
  ]);
});

it("the history ends where a log goes on under another login", () => {
  using home = makeHome();
  home.write("one", meta("1") + at(0, 10) + at(1, 11) + at(2, 60, 3) + at(3, 70, 3));
  expect(history(home)).toEqual([["acct-a", 1, 1, 1]]);
});

it("the history leaves out accounts that the store does not know and logs older than six weeks", () => {
  using home = makeHome();
  home.write("one", meta("1", { creator_account_id: "acct-x" }) + at(0, 10) + at(1, 11));
  expect(history(home)).toEqual([]);
  home.write("two", meta("2") + at(0, 10) + at(1, 11));
  expect(history(home, Date.now() + 7 * weekMs)).toEqual([]);
});
