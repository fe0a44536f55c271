import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { folderOf } from "../../store/file-owner.ts";
import { findFolderRule } from "../../store/folder-rule.ts";
import { userHome } from "../../store/paths.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/** `exec` and `status` refuse such a file where they stand, instead of taking another account. */
export const folderRuleInvalid: Check = {
  id: "folder_rule_invalid",
  area: "environment",
  severity: "warning",
  title: "a .codex-auth file above this folder cannot tell which account to use",
  look: ({ fx: { fs, cwd, env } }) => {
    try {
      findFolderRule(fs, cwd, userHome(env));
      return [];
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
      const [path = ""] = /^.*\/\.codex-auth(?= )/.exec(error.message) ?? [];
      const fix = `cd ${shellWord(folderOf(path))} && codex auth use-here --clear`;
      return [{ message: error.message, fix }];
    }
  },
};
