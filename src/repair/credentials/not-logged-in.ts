import { isDangling } from "../../store/file-shape.ts";
import { fileCheck } from "../check.ts";
import { accountLines, switchCommand } from "./account-lines.ts";

/** No mend: a person may have logged out. */
export const notLoggedIn = fileCheck({
  id: "not_logged_in",
  area: "credentials",
  severity: "error",
  title: "there is no auth.json",
  look: ({ state, target }, scene) => {
    // A link that leads nowhere has a check of its own.
    if (state !== "missing" || isDangling(scene.fx.fs, scene.paths.authFile)) return [];
    const message = `${target} does not exist, so Codex is not logged in.`;
    return [{ message, evidence: accountLines(scene), fix: switchCommand(scene) }];
  },
});
