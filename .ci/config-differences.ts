import type { ConfigNode, ConfigTable } from "../test/e2e/facts/facts.ts";

/**
 * The keys where an older Codex takes values that the newest refuses, as paths with `*` for any name and `[]` for the
 * elements of a list: of them nobody may be told that Codex does not start.
 */
export function looserKeys(newest: ConfigTable, older: ConfigTable): string[] {
  return ofTables(newest, older, "");
}

function ofTables(newest: ConfigTable, older: ConfigTable, prefix: string): string[] {
  const fields = Object.entries(newest.fields).flatMap(([key, node]) =>
    ofNodes(node, Object.hasOwn(older.fields, key) ? older.fields[key] : older.others, prefix + key),
  );
  if (typeof newest.others !== "object") return fields;
  return [...fields, ...ofNodes(newest.others, older.others, `${prefix}*`)];
}

/** Whatever an older Codex ignores it takes. */
function ofNodes(newest: ConfigNode, older: ConfigNode | string | undefined, path: string): string[] {
  if (newest.any || older === undefined || older === "refused") return [];
  if (typeof older === "string" || isLooser(newest, older)) return [path];
  return [
    ...(newest.items && older.items ? ofNodes(newest.items, older.items, `${path}[]`) : []),
    ...(newest.table && older.table ? ofTables(newest.table, older.table, `${path}.`) : []),
  ];
}

function isLooser(newest: ConfigNode, older: ConfigNode): boolean {
  const depends = (kind: string) => newest.depends?.includes(kind) ?? false;
  const isMissing = (key: keyof ConfigNode, kind: string) =>
    older[key] !== undefined && newest[key] === undefined && !depends(kind);
  return (
    older.any === true ||
    isTextLooser(newest, older) ||
    isMissing("flag", "flag") ||
    isMissing("float", "float") ||
    isMissing("items", "list") ||
    isMissing("table", "table") ||
    isRangeLooser(newest.integer, older.integer) ||
    isTableLooser(newest.table, older.table) ||
    (older.depends ?? []).some((kind) => !depends(kind) && !takesAll(newest, kind)) ||
    (newest.notInList ?? []).some(
      (kind) => older.depends?.includes("list") && !older.notInList?.includes(kind),
    )
  );
}

function takesAll({ text, items, table }: ConfigNode, kind: string): boolean {
  return { text: text === true, list: items !== undefined, table: table !== undefined }[kind] ?? false;
}

function isTextLooser(newest: ConfigNode, older: ConfigNode): boolean {
  if (older.text === undefined || newest.depends?.includes("text")) return false;
  if (newest.text === true) return newest.notEmpty === true && !older.notEmpty;
  if (older.text === true) return true;
  const words = newest.text ?? [];
  return older.text.some((word) => !words.includes(word));
}

function isRangeLooser(newest: ConfigNode["integer"], older: ConfigNode["integer"]): boolean {
  if (!older || !newest) return older !== undefined;
  const [min, max] = [newest[0] ?? -Infinity, newest[1] ?? Infinity];
  return (older[0] ?? -Infinity) < min || (older[1] ?? Infinity) > max;
}

function isTableLooser(newest: ConfigTable | undefined, older: ConfigTable | undefined): boolean {
  if (!newest || !older) return false;
  if (newest.isOneOf && !older.isOneOf) return true;
  if (newest.isOneOf && Object.keys(older.fields).some((key) => !Object.hasOwn(newest.fields, key)))
    return true;
  return (newest.required ?? []).some((key) => !older.required?.includes(key));
}
