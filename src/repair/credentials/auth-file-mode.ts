import { closeToOthers, modeOf, ownModeOf } from "../../store/file-mode.ts";
import { fileCheck } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/** Codex accepts the file and closes it at its next write, which may be days away. */
export const authFileMode = fileCheck({
  id: "auth_file_open",
  area: "credentials",
  severity: "warning",
  title: "auth.json can be read by other users",
  look: ({ target, state }, { fx, paths }) => {
    // Windows has no modes; what it says there means nothing.
    const mode = state === "missing" || fx.platform === "win32" ? null : modeOf(fx.fs, target);
    if (mode === null || (mode & 0o077) === 0) return [];
    return [
      {
        message: `${target} can be read or changed by other users: its tokens are not secret.`,
        evidence: [`mode ${mode.toString(8).padStart(4, "0")}, where 0600 is right`],
        fix: `chmod 600 ${shellWord(target)}`,
        canMend: ownModeOf(fx.fs, paths, target) !== null,
      },
    ];
  },
  mend: {
    describe: ({ live }) => `Close ${live?.target} to other users: mode 0600.`,
    apply: ({ fx, paths, live }) =>
      Promise.resolve(live ? closeToOthers(fx.fs, paths, live.target) : undefined),
  },
});
