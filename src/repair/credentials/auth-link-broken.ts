import { brokenLink } from "../../store/link-chain.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";
import { switchCommand } from "./account-lines.ts";

/** No mend: the target may stand on a disk that is not mounted now. */
export const authLinkBroken: Check = {
  id: "auth_link_broken",
  area: "credentials",
  severity: "error",
  title: "auth.json is a link that leads to no file",
  look: (scene) => {
    const { fx, paths } = scene;
    const link = brokenLink(fx.fs, paths.authFile);
    if (!link) return [];
    const { target, isFolderThere } = link;
    if (target === null) {
      const message = `${paths.authFile} is a loop of links, so Codex is not logged in.`;
      return [{ message, fix: `rm ${shellWord(paths.authFile)}` }];
    }
    const message = `${paths.authFile} is a link to ${target}, which does not exist, so Codex is not logged in.`;
    if (isFolderThere) return [{ message, fix: switchCommand(scene) }];
    const evidence = ["the folder of the target does not exist either: a disk that is not mounted?"];
    return [{ message, evidence, fix: `rm ${shellWord(paths.authFile)}` }];
  },
};
