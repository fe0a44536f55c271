import { editConfig, type ConfigEdit } from "../../codex/config-edit.ts";
import { linesOfKey, type LineRange } from "../../codex/config-lines.ts";
import type { ConfigPath, ConfigTree } from "../../codex/config-tree.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { FileSystem } from "../../store/file-system.ts";
import { linkTarget } from "../../store/files.ts";
import { configCheck } from "../check.ts";
import type { Check, Sighting } from "../check.ts";
import { freeEnding } from "../move-aside.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

/** A fault of config.toml that an edit of its keys mends. */
export interface EditableSighting extends Sighting {
  /** Null where nobody but the person can know what was meant. */
  change: { message: string; edits: readonly ConfigEdit[] } | null;
}

type EditCheck = Omit<Check, "look" | "mend"> & {
  look: (tree: ConfigTree, scene: Scene) => readonly EditableSighting[];
};

/** A check of values, some of which can be put right by editing the text. */
export function editCheck({ look, ...check }: EditCheck): Check {
  const lookAgain = (scene: Scene) => (scene.config.tree ? look(scene.config.tree, scene) : []);
  const changeOf = (scene: Scene, { message }: Sighting) =>
    lookAgain(scene).find((each) => each.message === message)?.change ?? null;
  return {
    ...configCheck({
      ...check,
      look: (tree, scene) => look(tree, scene).map((each) => asFinding(each, scene)),
    }),
    mend: {
      describe: (scene, sighting) => changeOf(scene, sighting)?.message ?? "",
      apply: async (scene, sighting) => {
        const edits = changeOf(scene, sighting)?.edits ?? [];
        await scene.fx.store.editConfig((text) => editConfig(text, edits));
      },
    },
  };
}

function asFinding({ change, ...sighting }: EditableSighting, { config }: Scene): Sighting {
  const canMend = change !== null && isEditable(config.text ?? "", change.edits);
  return { ...sighting, canMend, fix: canMend ? "codex auth fix" : sighting.fix };
}

function isEditable(text: string, edits: readonly ConfigEdit[]): boolean {
  try {
    editConfig(text, edits);
    return true;
  } catch (error) {
    if (error instanceof CodexAuthError) return false;
    throw error;
  }
}

/** Where a key stands, for evidence: the file and the line, without the value. */
export function placeOf(scene: Scene, path: ConfigPath): string[] {
  const lines = linesOfKey(scene.config.text ?? "", path);
  return lines ? [`${scene.paths.configFile}:${lines.first}`] : [];
}

/** The command that takes a key out of config.toml; null where it cannot be said in one line. */
export function takeOut(scene: Scene, path: ConfigPath): string | null {
  return takeOutOf(scene.fx.fs, { target: configTarget(scene), text: scene.config.text ?? "" }, path);
}

/** The same for another file of that kind. */
export function takeOutOf(
  fs: FileSystem,
  { target, text }: { target: string; text: string },
  path: ConfigPath,
): string | null {
  const lines = linesOfKey(text, path);
  return lines && commentOut(fs, target, lines);
}

/** The command that turns lines into comments; the old file stays beside it as .bak, and an earlier one too. For GNU and BSD sed. */
export function commentOut(fs: FileSystem, target: string, { first, last }: LineRange): string {
  const range = first === last ? `${first}` : `${first},${last}`;
  return `sed -i.${freeEnding(fs, target, "bak")} '${range}s/^/# /' ${shellWord(target)}`;
}

/** The file that config.toml leads to: sed would replace a link. */
export function configTarget({ fx, paths }: Scene): string {
  return linkTarget(fx.fs, paths.configFile);
}

/** A line of the file for evidence. What a key like api_token or an argument --password holds is nobody's business. */
export function withoutSecret(line: string): string {
  return line.replace(/((?:token|secret|password|key|authorization)[\w"'-]*\s*[=:,]\s*).+/i, "$1…");
}
