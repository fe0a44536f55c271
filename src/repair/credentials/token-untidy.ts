import { readAuthDocument } from "../../codex/auth-json.ts";
import { tidied, untidyTokens } from "../../codex/tidy-tokens.ts";
import { fingerprint } from "../../store/account-id.ts";
import { isReplaceable } from "../../store/auth-file.ts";
import { fileCheck } from "../check.ts";
import { rewriteLive } from "./rewrite-live.ts";

/** Codex sends a token as it stands in the file, and OpenAI refuses it. */
export const tokenUntidy = fileCheck({
  id: "token_untidy",
  area: "credentials",
  severity: "error",
  title: "a token in auth.json has something around it that is no part of it",
  look: (live, { snapshot }) => {
    const { login } = live;
    const untidy = login ? untidyTokens(login.document) : [];
    const [first, ...more] = untidy;
    if (!login || !first) return [];
    const meant = readAuthDocument(tidied(login.document));
    const spent = snapshot?.pool.accounts.flatMap((account) => account.spent) ?? [];
    // A token that is used up must not come back because it was written otherwise.
    const isClear = meant.kind === "login" && !spent.includes(fingerprint(meant.login.refreshToken));
    const canMend = isClear && isReplaceable(live);
    const also = more.length > 0 ? ", and so it is with others" : "";
    return [
      {
        message: `${first.field} in auth.json ${first.problem}${also}: it was copied by hand, and OpenAI refuses it like that.`,
        evidence: untidy.map(({ field, problem }) => `${field} ${problem}`),
        fix: canMend ? "codex auth fix" : null,
        canMend,
      },
    ];
  },
  mend: {
    describe: () => "Take away what stands around the tokens in auth.json; the tokens stay as they are.",
    apply: (scene) => rewriteLive(scene, ({ auth }) => tidied(auth)),
  },
});
