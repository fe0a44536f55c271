import { isReplaceable } from "../../store/auth-file.ts";
import { fileCheck } from "../check.ts";
import { switchCommand } from "./account-lines.ts";
import { dateLine } from "./date-line.ts";

/** A token that is spent, most likely: the pool's came from it, or after it. */
export const authFileOlder = fileCheck({
  id: "auth_file_older",
  area: "credentials",
  severity: "warning",
  title: "auth.json holds an older token than the pool",
  look: (live, scene) => {
    const { login } = live;
    const adoption = scene.snapshot?.adoption;
    if (adoption?.outcome !== "kept" || !login) return [];
    const { login: held, refresh } = adoption.account;
    const common = { fix: switchCommand(scene), canMend: isReplaceable(live) };
    if (login.accessToken !== held.accessToken) {
      const message = "auth.json holds an older token than the pool; Codex may fail to renew it.";
      return [{ message, evidence: [dateLine("auth.json", login), dateLine("the pool", held)], ...common }];
    }
    // While a renewal is under way, that is how it has to be.
    if (login.refreshToken !== "" || refresh !== null) return [];
    return [{ message: "auth.json has no refresh token, although the pool has one.", ...common }];
  },
  mend: {
    describe: () => "Write the login of the pool into auth.json.",
    apply: ({ fx }) =>
      fx.store.transaction("fix", (draft) => {
        if (draft.active && draft.adoption?.outcome === "kept") draft.renewLive(draft.active);
      }),
  },
});
