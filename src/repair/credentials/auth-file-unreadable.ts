import { fileCheck } from "../check.ts";
import { accountLines, switchCommand } from "./account-lines.ts";
import { bringBackLogin, lostLogin } from "./lost-login.ts";

export const authFileUnreadable = fileCheck({
  id: "auth_file_unreadable",
  area: "credentials",
  severity: "error",
  title: "auth.json is torn, empty or of another shape",
  look: ({ state, target, problem }, scene) => {
    if (state !== "broken") return [];
    const message = `${target} cannot be read: ${problem}. Codex sends requests without a login.`;
    const fix = `${switchCommand(scene)} --replace-broken`;
    return [{ message, evidence: accountLines(scene), fix, canMend: lostLogin(scene) !== null }];
  },
  mend: {
    describe: (scene) => {
      const lost = lostLogin(scene);
      const what = lost?.isSalvaged ? "Write what is left of the login of" : "Put back the login of";
      return `${what} ${lost?.name} into auth.json; the damaged file stays beside it as auth.json.broken-<time>.`;
    },
    apply: bringBackLogin,
  },
});
