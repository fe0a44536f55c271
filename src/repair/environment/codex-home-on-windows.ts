import { windowsMount } from "../../store/home-place.ts";
import type { Check } from "../check.ts";

/** The command that gives WSL a CODEX_HOME of its own. */
export const ownHomeInWsl = 'mkdir -p "$HOME/.codex-wsl" && export CODEX_HOME="$HOME/.codex-wsl"';

/** Codex of Windows uses C:\Users\<name>\.codex unless it is told otherwise. */
const windowsHome = /\/Users\/[^/]+\/\.codex$/i;

export const codexHomeOnWindows: Check = {
  id: "codex_home_on_windows",
  area: "environment",
  severity: "warning",
  title: "CODEX_HOME in WSL lies on a drive of Windows",
  look: ({ fx: { fs }, paths }) => {
    const mount = windowsMount(fs, paths.codexHome);
    if (!mount) return [];
    const isShared = windowsHome.test(paths.codexHome);
    const message = isShared
      ? "Codex in WSL and Codex in Windows share one CODEX_HOME: each spoils the database of the other (migration N was previously applied but has been modified)."
      : "CODEX_HOME lies on a drive of Windows, where locks do not hold between WSL and Windows and files cannot be closed to others.";
    return [
      {
        message,
        evidence: [`${paths.codexHome} is on ${mount.mountPoint} (${mount.kind})`],
        fix: ownHomeInWsl,
      },
    ];
  },
};
