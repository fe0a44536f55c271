import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { insertion, removal, type Splice } from "./config-splice.ts";
import { scanLayout } from "./config-layout.ts";
import { readConfig } from "./config-toml.ts";
import {
  configValue,
  isTable,
  sameValue,
  withoutValue,
  withValue,
  type ConfigPath,
  type ConfigTree,
  type ConfigValue,
} from "./config-tree.ts";

/** Sets the key at a path, or removes it when the value is undefined. */
export interface ConfigEdit {
  path: ConfigPath;
  value: ConfigValue | undefined;
}

/**
 * Changes keys of a config.toml in its text, so that comments, order and spelling of everything else stay.
 * The result is parsed again: it differs by exactly the edits, or the call throws and nothing is done.
 */
export function editConfig(text: string, edits: readonly ConfigEdit[]): string {
  return edits.reduce(editOnce, text);
}

function editOnce(text: string, edit: ConfigEdit): string {
  const before = treeOf(text);
  const obstacle = findObstacle(before, edit.path);
  if (obstacle) throw refusal(edit, obstacle);
  if (sameValue(configValue(before, edit.path), tomlValue(edit.value))) return text;
  const layout = scanLayout(text);
  const splice =
    edit.value === undefined
      ? removal(text, layout, edit.path)
      : insertion(text, layout, edit.path, edit.value);
  if (splice === undefined) throw refusal(edit, "its place in the file is not one that can be edited safely");
  const edited = apply(text, splice);
  if (!isExactly(edit, before, edited)) throw refusal(edit, "the edit would have changed more than that");
  return edited;
}

function treeOf(text: string): ConfigTree {
  const reading = readConfig(text);
  if (reading.kind === "tree") return reading.tree;
  throw new CodexAuthError(
    "config_unreadable",
    `config.toml cannot be read: line ${reading.line}, column ${reading.column}: ${reading.message}.`,
    { hint: "Correct that line, then run the command again." },
  );
}

/** Why no edit could be right, seen from the tree alone. */
function findObstacle(tree: ConfigTree, path: ConfigPath): string | undefined {
  // A lone half of a surrogate pair has no spelling in TOML.
  if (path.length === 0 || /\p{Surrogate}/u.test(path.join("."))) return "it is no key that TOML can spell";
  const parents = path.slice(1).map((_, index) => configValue(tree, path.slice(0, index + 1)));
  if (parents.some(Array.isArray)) return "it is inside a list";
  if (parents.some((parent) => parent !== undefined && !isTable(parent))) return "it is below a plain value";
  const current = configValue(tree, path);
  if (isTable(current)) return "it is a whole table";
  if (Array.isArray(current) && current.some(isTable)) return "it is a list of tables";
  return undefined;
}

function apply(text: string, { start, end, text: insert }: Splice): string {
  return text.slice(0, start) + insert + text.slice(end);
}

function isExactly({ path, value }: ConfigEdit, before: ConfigTree, edited: string): boolean {
  const reading = readConfig(edited);
  if (reading.kind === "broken") return false;
  const after = reading.tree;
  if (value !== undefined) return sameValue(after, withValue(before, path, tomlValue(value)));
  // Tables that only the removed key had implied go with it.
  return (
    configValue(after, path) === undefined && sameValue(withoutValue(after, path), withoutValue(before, path))
  );
}

/** The value as the parser will give it back. */
function tomlValue(value: ConfigValue | undefined): unknown {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function refusal({ path, value }: ConfigEdit, why: string): CodexAuthError {
  const key = JSON.stringify(path.join("."));
  const verb = value === undefined ? "removed from" : "set in";
  return new CodexAuthError("config_edit_refused", `${key} cannot be ${verb} config.toml: ${why}.`, {
    hint: `Change ${key} in an editor, then run the command again.`,
  });
}
