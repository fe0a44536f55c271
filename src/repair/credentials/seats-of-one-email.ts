import type { Account } from "../../store/account.ts";
import { poolCheck } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/** Each is an account of its own, with limits of its own; the e-mail alone does not say which one is meant. */
export const seatsOfOneEmail = poolCheck({
  id: "seats_of_one_email",
  area: "credentials",
  severity: "info",
  title: "one e-mail has several seats",
  look: ({ pool }) => {
    const seats = new Map<string, Account[]>();
    for (const account of pool.accounts) {
      const { email, identity } = account.login;
      if (email !== null && identity.kind === "seat")
        seats.set(email, [...(seats.get(email) ?? []), account]);
    }
    return [...seats]
      .filter(([, group]) => new Set(group.map(seatOf)).size > 1)
      .map(([email, group]) => ({
        message: `${email} has ${group.length} seats; they are different accounts, and the e-mail alone does not name one.`,
        evidence: group.map((account) => `${account.id}: workspace ${seatOf(account)}, ${label(account)}`),
        fix: labelCommand(group),
      }));
  },
});

function seatOf({ login: { identity } }: Account): string {
  return identity.kind === "seat" ? identity.accountId : "";
}

function label(account: Account): string {
  return account.label === null ? "no label" : `label ${account.label}`;
}

/** Labels tell them apart. */
function labelCommand(group: readonly Account[]): string | null {
  const unnamed = group.find((account) => account.label === null);
  return unnamed ? `codex auth label ${shellWord(unnamed.id)} <name>` : null;
}
