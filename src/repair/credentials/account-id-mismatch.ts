import { isObject } from "../../codex/claims.ts";
import type { Login } from "../../codex/auth-json.ts";
import { repaired } from "../../store/account-id.ts";
import { isReplaceable } from "../../store/auth-file.ts";
import { fileCheck } from "../check.ts";
import { rewriteLive } from "./rewrite-live.ts";

/** Left by an old Codex that renewed one account while another one was made live. */
export const accountIdMismatch = fileCheck({
  id: "account_id_mismatch",
  area: "credentials",
  severity: "error",
  title: "auth.json names another workspace than its tokens",
  look: (live) => {
    const { login } = live;
    const named = login && namedAccountId(login);
    if (!login || login.identity.kind !== "seat" || named === null) return [];
    if (named === login.identity.accountId) return [];
    const message = `auth.json holds the tokens of ${login.email ?? login.identity.accountId} under the id of another workspace, which Codex sends along.`;
    const evidence = [
      `account_id: ${named}`,
      `workspace of the tokens: ${login.identity.accountId}`,
      `user of the tokens: ${login.identity.userId}`,
    ];
    return [{ message, evidence, fix: "codex auth fix", canMend: isReplaceable(live) }];
  },
  mend: {
    describe: () => "Write the workspace of the tokens into account_id of auth.json.",
    apply: (scene) => rewriteLive(scene, ({ login }) => repaired(login)),
  },
});

function namedAccountId({ document: { tokens } }: Login): string | null {
  const id = isObject(tokens) ? tokens["account_id"] : null;
  return typeof id === "string" ? id : null;
}
