import { correctTypos } from "../../codex/config-typos.ts";
import type { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode } from "../../store/file-error.ts";
import type { Check, Sighting } from "../check.ts";
import { moveAside } from "../move-aside.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";
import { isOtherEncoding } from "./config-file-checks.ts";
import { configTarget, withoutSecret } from "./config-text.ts";
import { duplicateIn } from "./syntax-checks.ts";

/** What a person may have set to keep something in or out: without such a file Codex could do more, or go elsewhere. */
const guards = /sandbox|approv|permission|forced_|cli_auth|provider|base_url|network|trust|hooks/;

export const configUnreadable: Check = {
  id: "config_unreadable",
  area: "config",
  severity: "error",
  title: "config.toml has a syntax error",
  look: (scene) => {
    const { broken, problem, text } = scene.config;
    if (problem) return [unopened(problem, scene)];
    if (!broken || isOtherEncoding(scene) || duplicateIn(scene) || correctTypos(text ?? "")) return [];
    const { line, column, message, excerpt } = broken;
    const canMend = !guards.test(text ?? "");
    return [
      {
        message: `Codex does not start: ${scene.paths.configFile}:${line}:${column}: ${message}`,
        evidence: [...excerpt.split("\n").map(withoutSecret), ...(canMend ? [] : [whyNot])],
        fix: moveAside(scene.fx.fs, configTarget(scene), "broken"),
        canMend,
      },
    ];
  },
  mend: {
    describe: ({ config: { broken }, paths }) =>
      `Move ${paths.configFile} aside, as config.toml.broken-<time>: line ${broken?.line} cannot be read, and Codex starts without the file.`,
    apply: ({ fx, config }) => fx.store.setConfigAside(config.text ?? ""),
  },
};

const whyNot =
  "Not moved away by itself: it may hold what keeps Codex in bounds (sandbox, approvals, provider, login).";

function unopened({ code, message, cause }: CodexAuthError, { fx, paths }: Scene): Sighting {
  const path = paths.configFile;
  const own = `sudo chown "$(id -un)" ${shellWord(path)} && chmod 600 ${shellWord(path)}`;
  const fix = code === "permission_denied" ? own : moveAside(fx.fs, path, "broken");
  // Codex reads it all the same, at every start.
  const isLarge = errorCode(cause) === "EFBIG";
  return { message: isLarge ? message : `Codex does not start: ${message}`, fix, canMend: false };
}
