import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { userHome } from "../../machine/paths.ts";
import { folderOf, isForeign } from "../../machine/path-kind.ts";
import { findFolderRule } from "../../store/files/folder-rule.ts";
import { type PlaceProblem, placeProblems, usedPlaces } from "../../store/place-problems.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { DoctorCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { placeFault } from "../place-finding.ts";
import { lockPaths, ownedPaths } from "./auth-file.ts";
import { foldersOf } from "./disk.ts";

/** What a child of `exec`, `sudo` or a disk may have left: here it is tried, so that no command is the first to meet it. */
export const placeUnusable: DoctorCheck = {
  id: "place_unusable",
  area: "store",
  severity: "error",
  title: "a file or folder that commands use cannot be used",
  look: (facts) => {
    const { ctx, paths, live } = facts;
    return placeProblems(ctx.fs, usedPlaces(ctx.fs, paths, live?.target ?? paths.authFile))
      .filter((problem) => !isSeenElsewhere(facts, problem))
      .map((problem) => placeFault(facts, problem));
  },
};

/** What has a check of its own: where nothing can be written, what other users own, a folder where Codex locks. */
function isSeenElsewhere(facts: Facts, { place: { path }, code, culprit }: PlaceProblem): boolean {
  // Whatever else the pool may be has a check of its own.
  if (path === facts.paths.poolFile) return code !== "DANGLING";
  const folders = foldersOf(facts);
  if (code === "EISDIR" && lockPaths(facts).includes(path)) return true;
  if (code === "EROFS") return folders.has(path) || folders.has(folderOf(path));
  if (code !== "EACCES" || culprit !== path) return false;
  return (
    folders.has(path) ||
    ownedPaths(facts).some((each) => each === path && isForeign(facts.ctx.fs, facts.paths, path))
  );
}

/** One that does not exist, or that is a file, has a check of its own. */
export const codexHomeUnusable: DoctorCheck = {
  id: "codex_home_unusable",
  area: "environment",
  severity: "error",
  title: "the folder of Codex may not be entered, or its link leads nowhere",
  look: (facts) => (facts.homeProblem === null ? [] : [placeFault(facts, facts.homeProblem)]),
};

/** `exec` and `status` refuse such a file where they stand, instead of taking another account. */
export const folderRuleInvalid: DoctorCheck = {
  id: "folder_rule_invalid",
  area: "environment",
  severity: "warning",
  title: "a .codex-auth file above this folder cannot tell which account to use",
  look: ({ ctx: { fs, cwd, env } }) => {
    try {
      findFolderRule(fs, cwd, userHome(env));
      return [];
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
      const [path = ""] = /^.*\/\.codex-auth(?= )/.exec(error.message) ?? [];
      const command = `cd ${shellWord(folderOf(path))} && codex auth use-here --clear`;
      return [{ message: error.message, command }];
    }
  },
};
