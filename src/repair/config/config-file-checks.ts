import { modeOf, ownModeOf, refuseWriters } from "../../store/file-mode.ts";
import { isLink, linkTarget, readBytes } from "../../store/files.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";
import { configTarget } from "./config-text.ts";

/** Codex reads UTF-8 only. What other bytes mean is a guess, so a person says it. */
export const configEncoding: Check = {
  id: "config_encoding",
  area: "config",
  severity: "error",
  title: "config.toml is not UTF-8",
  look: (scene) => {
    const encoding = foreignEncoding(scene);
    if (encoding === null) return [];
    const target = configTarget(scene);
    const [old, fresh] = [shellWord(target), shellWord(`${target}.utf8`)];
    return [
      {
        message: `Codex does not start: ${scene.paths.configFile} is not written in UTF-8, but probably in ${encoding}.`,
        fix: `umask 077; iconv -f ${encoding} -t UTF-8 ${old} > ${fresh} && cat ${fresh} > ${old} && rm ${fresh}`,
      },
    ];
  },
};

/** Then whatever else is wrong with the text comes of that. */
export function isOtherEncoding(scene: Scene): boolean {
  return foreignEncoding(scene) !== null;
}

/** As iconv names it; null for UTF-8. */
function foreignEncoding(scene: Scene): string | null {
  // The mark that stands for bytes which are no UTF-8; the person may have written it, too.
  if (!scene.config.text?.includes("\uFFFD")) return null;
  const bytes = readBytes(scene.fx.fs, configTarget(scene));
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return "UTF-16";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return null;
  } catch {
    return "WINDOWS-1252";
  }
}

export const configLinkDangling: Check = {
  id: "config_link_dangling",
  area: "config",
  severity: "warning",
  title: "config.toml leads to a file that is not there",
  look: (scene) => {
    const { fx, paths, config } = scene;
    if (config.text !== null || config.problem || !isLink(fx.fs, paths.configFile)) return [];
    const target = linkTarget(fx.fs, paths.configFile);
    return [
      {
        message: `Codex starts as if there were no settings: ${paths.configFile} is a link to ${target}, and that does not exist. Bring the file back, or remove the link.`,
        fix: null,
      },
    ];
  },
};

/** The file names programs that Codex starts: who may write it may run what he likes. */
export const configFileOpen: Check = {
  id: "config_file_open",
  area: "config",
  severity: "warning",
  title: "config.toml can be changed by other users",
  look: (scene) => {
    if (scene.config.text === null) return [];
    const target = configTarget(scene);
    const mode = modeOf(scene.fx.fs, target);
    if (mode === null || (mode & 0o002) === 0) return [];
    return [
      {
        message: `Every user of this machine can change ${target}, and Codex starts the programs that it names.`,
        evidence: [`mode ${mode.toString(8).padStart(4, "0")}`],
        fix: `chmod go-w ${shellWord(target)}`,
        canMend: ownModeOf(scene.fx.fs, scene.paths, target) !== null,
      },
    ];
  },
  mend: {
    describe: (scene) => `Let nobody else change ${configTarget(scene)}.`,
    apply: ({ fx, paths }) =>
      Promise.resolve(refuseWriters(fx.fs, paths, linkTarget(fx.fs, paths.configFile))),
  },
};
