import { type ConfigEdit, editConfig } from "../../codex/config/edit.ts";
import { type LineRange, linesOfKey } from "../../codex/config/lines.ts";
import type { ConfigPath, ConfigTree } from "../../codex/config/tree.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type FileSystem, linkTarget } from "../../machine/file-system.ts";
import { shellWord } from "../../text/shell-words.ts";
import { configCheck, type DoctorCheck, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { freeEnding } from "../place-finding.ts";

/** A fault of config.toml that an edit of its keys ends. */
export interface EditableFault extends FoundFault {
  /** Null where nobody but the person can know what was meant. */
  change: { message: string; edits: readonly ConfigEdit[] } | null;
}

type EditCheck = Omit<DoctorCheck, "look"> & {
  look: (tree: ConfigTree, facts: Facts) => readonly EditableFault[];
};

/** A check of values, some of which can be put right by editing the text. */
export function editCheck({ look, ...check }: EditCheck): DoctorCheck {
  return configCheck({
    ...check,
    look: (tree, facts) => look(tree, facts).map((each) => asFault(each, facts)),
  });
}

function asFault({ change, ...foundFault }: EditableFault, { config, ctx }: Facts): FoundFault {
  if (change === null || !isEditable(config.text ?? "", change.edits)) return foundFault;
  const { message, edits } = change;
  const fix = { does: message, apply: () => ctx.store.editConfig((text) => editConfig(text, edits)) };
  return { ...foundFault, command: "codex auth fix", fix };
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
export function placeOf(facts: Facts, path: ConfigPath): string[] {
  const lines = linesOfKey(facts.config.text ?? "", path);
  return lines ? [`${facts.paths.configFile}:${lines.first}`] : [];
}

/** The command that takes a key out of config.toml; null where it cannot be said in one line. */
export function takeOut(facts: Facts, path: ConfigPath): string | null {
  return takeOutOf(facts.ctx.fs, { target: configTarget(facts), text: facts.config.text ?? "" }, path);
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
export function configTarget({ ctx, paths }: Facts): string {
  return linkTarget(ctx.fs, paths.configFile);
}

/** A line of the file for evidence. What a key like api_token or an argument --password holds is nobody's business. */
export function withoutSecret(line: string): string {
  return line.replace(/((?:token|secret|password|key|authorization)[\w"'-]*\s*[=:,]\s*).+/i, "$1…");
}
