import { fileCheck } from "../check.ts";
import { accountLines, switchCommand } from "./account-lines.ts";
import { bringBackLogin, lostLogin } from "./lost-login.ts";

export const authFileBlank = fileCheck({
  id: "auth_file_blank",
  area: "credentials",
  severity: "error",
  title: "auth.json holds no credentials, although Codex calls it logged in",
  look: ({ state, target }, scene) => {
    if (state !== "blank") return [];
    const message = `${target} holds no credentials, although Codex calls it "logged in".`;
    const fix = switchCommand(scene);
    return [{ message, evidence: accountLines(scene), fix, canMend: lostLogin(scene) !== null }];
  },
  mend: {
    describe: (scene) => `Put back the login of ${lostLogin(scene)?.name} into auth.json.`,
    apply: bringBackLogin,
  },
});
