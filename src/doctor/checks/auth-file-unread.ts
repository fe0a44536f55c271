import type { Login } from "../../codex/auth-json.ts";
import { adopt } from "../../pool/adopt.ts";
import { readLiveFile } from "../../store/auth-file.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { DoctorCheck } from "../check.ts";
import type { Facts } from "../facts.ts";

/** No mend: a login that nobody reads is for its person to remove. */
export const authFileUnread: DoctorCheck = {
  id: "auth_file_unread",
  area: "credentials",
  severity: "warning",
  title: "an auth.json lies beside the keyring, and Codex does not read it",
  look: async (facts) => {
    const { live, ctx, paths } = facts;
    // Of a keyring that cannot be read, a check of its own tells.
    if (live?.place.kind !== "keyring" || live.refusal) return [];
    const { login } = readLiveFile(ctx.fs, paths.authFile);
    if (!login) return [];
    const file = shellWord(paths.authFile);
    const message = `${paths.authFile} holds a login (${login.email ?? login.kind}), but Codex keeps its login in the keyring and does not read that file.`;
    const isNews = await isUnknown(facts, login);
    return [
      {
        message,
        evidence: [
          isNews ? "the pool does not have this login" : "the pool has this login, or a newer one of it",
        ],
        command: isNews ? `codex auth import ${file}` : `rm ${file}`,
        ...(isNews ? {} : { severity: "info" as const }),
      },
    ];
  },
};

/** Whether an import would change the pool. */
async function isUnknown({ ctx, nowMs }: Facts, login: Login): Promise<boolean> {
  const { outcome } = await ctx.store.rehearse(({ pool }) => adopt(pool, login, { nowMs, tie: "pool" }));
  return outcome === "added" || outcome === "updated";
}
