import { closeToOthers, modeOf, ownModeOf } from "../../store/file-mode.ts";
import { realPath, windowsMount } from "../../store/home-place.ts";
import type { Check, Looked } from "../check.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

/** Who may write there puts another auth.json or config.toml in its place; who may read, reads what was talked about. */
export const codexHomeOpen: Check = {
  id: "codex_home_open",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME is open to other users",
  look: (scene): Looked => {
    const { fx, paths } = scene;
    if (fx.platform === "win32") return { skipped: "Windows has no modes" };
    if (windowsMount(fx.fs, paths.codexHome) !== null) return { skipped: "drives of Windows have no modes" };
    const home = realPath(fx.fs, paths.codexHome);
    const mode = modeOf(fx.fs, home);
    if (mode === null || (mode & 0o077) === 0) return [];
    const isWritable = (mode & 0o022) !== 0;
    const message = isWritable
      ? `Other users can change files in ${home}: they could put another login there, or programs that Codex starts.`
      : `Other users can look into ${home}, where Codex keeps settings and sessions.`;
    const canMend = ownModeOf(fx.fs, paths, home) !== null;
    const fix = canMend ? `chmod 700 ${shellWord(home)}` : 'export CODEX_HOME="$HOME/.codex"';
    const evidence = [`mode ${mode.toString(8).padStart(4, "0")}, where 0700 is right`];
    return [{ message, evidence, fix, canMend, severity: isWritable ? "warning" : "info" }];
  },
  mend: {
    describe: ({ fx, paths }: Scene) =>
      `Close ${realPath(fx.fs, paths.codexHome)} to other users: mode 0700.`,
    apply: ({ fx, paths }) => Promise.resolve(closeToOthers(fx.fs, paths, realPath(fx.fs, paths.codexHome))),
  },
};
