import { installedCodex } from "../../store/installed-codex.ts";
import type { InstalledCodex } from "../../store/installed-codex.ts";
import type { Check, Looked } from "../check.ts";
import type { Scene } from "../scene.ts";

const install = "npm install --global @openai/codex@latest";
/** What this program was tried with; what is said of its behaviour is that of `modern` and later. */
const known = { oldest: [0, 63], modern: [0, 169], newest: [0, 171] } as const;

/** Runs `look` on what PATH leads to. */
function pathCheck(
  check: Omit<Check, "look" | "area">,
  look: (found: readonly InstalledCodex[], scene: Scene) => Looked,
): Check {
  return {
    ...check,
    area: "processes",
    look: (scene) => {
      const { env, fs, platform } = scene.fx;
      const path = env["PATH"] ?? "";
      return path === "" ? { skipped: "PATH is empty" } : look(installedCodex(fs, path, platform), scene);
    },
  };
}

export const codexMissing = pathCheck(
  { id: "codex_missing", severity: "warning", title: "there is no codex on PATH" },
  (found, { fx: { env } }) => {
    if (found.length > 0 || env["CODEX_AUTH_CODEX_BIN"]) return [];
    return [{ message: "There is no codex on PATH, so it cannot be started by its name.", fix: install }];
  },
);

export const codexSeveral = pathCheck(
  { id: "codex_several", severity: "info", title: "PATH leads to more than one codex" },
  (found) => {
    const [first, ...others] = found;
    if (!first || others.length === 0) return [];
    const isMixed = others.some(({ version }) => version !== first.version);
    const message = isMixed
      ? `PATH leads to ${found.length} codex of different versions; ${first.path} is the one that is started.`
      : `PATH leads to ${found.length} codex; ${first.path} is the one that is started.`;
    const evidence = found.map(({ path, version }) => `${path}: ${version ?? "version unknown"}`);
    return [{ severity: isMixed ? "warning" : "info", message, evidence, fix: null }];
  },
);

export const codexVersion = pathCheck(
  { id: "codex_version_untried", severity: "info", title: "the version of codex is not one that was tried" },
  ([first]) => {
    const version = first?.version ?? null;
    const numbers = version === null ? null : /^(\d+)\.(\d+)\./.exec(version);
    if (!first || !numbers) return [];
    const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
    const evidence = [`${first.path}: ${version}`];
    if (major > known.newest[0] || (major === known.newest[0] && minor > known.newest[1])) {
      const message = `Codex ${version} is newer than 0.${known.newest[1]}, the newest that this codex-auth was tried with.`;
      return [{ message, evidence, fix: null }];
    }
    if (minor >= known.modern[1]) return [];
    const message = `Codex ${version} is older than 0.${known.modern[1]}: what is said here of its behaviour may differ.`;
    return [{ severity: minor < known.oldest[1] ? "warning" : "info", message, evidence, fix: install }];
  },
);
