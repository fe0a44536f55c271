import { dated } from "../../codex/last-refresh.ts";
import { isReplaceable } from "../../store/auth-file.ts";
import { fileCheck } from "../check.ts";
import { switchCommand } from "./account-lines.ts";
import { rewriteLive } from "./rewrite-live.ts";

export const lastRefreshMissing = fileCheck({
  id: "last_refresh_missing",
  area: "credentials",
  severity: "error",
  title: "auth.json has no last_refresh, so that Codex sends no token",
  look: (live, scene) => {
    const { login } = live;
    if (login?.kind !== "chatgpt" || login.lastRefresh !== null) return [];
    const message = "auth.json has no last_refresh, so Codex sends requests without a token.";
    // The account of the pool may have none either.
    const fix = isReplaceable(live) ? "codex auth fix" : switchCommand(scene);
    return [{ message, fix, canMend: isReplaceable(live) }];
  },
  mend: {
    describe: () => "Write last_refresh into auth.json: the time at which its token was made.",
    apply: (scene) => rewriteLive(scene, ({ login }) => dated(login, scene.nowMs)),
  },
});
