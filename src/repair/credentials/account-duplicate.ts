import { accountName } from "../../store/account-name.ts";
import { duplicates, isBeingRenewed, mergeDuplicates } from "../../store/merge-duplicates.ts";
import { poolCheck } from "../check.ts";
import { shellWord } from "../shell-word.ts";
import { dateLine } from "./date-line.ts";

/** Only one of them can hold the token that is good: a renewal of one spends that of the other. */
export const accountDuplicate = poolCheck({
  id: "account_duplicate",
  area: "credentials",
  severity: "warning",
  title: "one login stands in the pool twice",
  look: ({ pool }) =>
    duplicates(pool).map((group) => ({
      message: `The pool holds ${group[0] ? accountName(group[0]) : ""} ${group.length} times; a renewal of one makes the others useless.`,
      evidence: group.map((account) => dateLine(account.id, account.login)),
      fix: isBeingRenewed(group) ? `codex auth check ${shellWord(group[0]?.id ?? "")}` : "codex auth fix",
      canMend: !isBeingRenewed(group),
      target: group[0]?.id ?? "",
    })),
  mend: {
    describe: ({ snapshot }, { target }) => {
      const account = snapshot?.pool.accounts.find(({ id }) => id === target);
      return `Keep ${account && accountName(account)} once, with its newest tokens; the others are parked.`;
    },
    apply: ({ fx, nowMs }, { target = "" }) =>
      fx.store.transaction("fix", (draft) => mergeDuplicates(draft, target, nowMs)),
  },
});
