import { isObject } from "../../codex/claims.ts";
import type { Login } from "../../codex/auth-json.ts";
import { readAuthDocument } from "../../codex/auth-json.ts";
import { findAccount } from "../../store/adopt.ts";
import type { Snapshot } from "../../store/store.ts";
import { fileCheck } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/**
 * A key beside tokens is normal: a login with the browser stores both, and auth_mode says which one counts. Only
 * without auth_mode does the key win, whatever the person logged in with last.
 */
export const loginAmbiguous = fileCheck({
  id: "login_ambiguous",
  area: "credentials",
  severity: "warning",
  title: "auth.json holds a key and a ChatGPT login, and does not say which one counts",
  look: ({ login }, { snapshot }) => {
    const hidden = login && hiddenLogin(login);
    if (!login || !hidden) return [];
    const winner = login.kind === "apiKey" ? "the API key" : "the access token";
    const message = `auth.json holds ${winner} and the ChatGPT login of ${hidden.email ?? "somebody"}, but no auth_mode: Codex uses ${winner}.`;
    const evidence = ["auth_mode: missing", "to use ChatGPT instead: the command below"];
    return [{ message, evidence, fix: chatgptCommand(hidden, snapshot) }];
  },
});

/** The tokens that Codex does not use. */
export function hiddenLogin({ kind, document }: Login): Login | null {
  const mode = document["auth_mode"] ?? null;
  if (mode !== null || kind === "chatgpt" || !isObject(document["tokens"])) return null;
  const reading = readAuthDocument({ ...document, auth_mode: "chatgpt" });
  return reading.kind === "login" ? reading.login : null;
}

function chatgptCommand(hidden: Login, snapshot: Snapshot | null): string {
  const account = snapshot && findAccount(snapshot.pool, hidden);
  return account ? `codex auth switch ${shellWord(account.id)}` : "codex auth login --switch";
}
