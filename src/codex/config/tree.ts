/** A parsed config.toml. Tables have no prototype, so a key such as `__proto__` is a key like any other. */
export interface ConfigTree {
  [key: string]: unknown;
}

export type ConfigPath = readonly string[];
export type ConfigValue = string | number | boolean | readonly string[];

/** A table of the tree, as opposed to a string, number, date or list. */
export function isTable(value: unknown): value is ConfigTree {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The value at a path of keys; undefined when it, or a table on the way, is not there. */
export function configValue(tree: ConfigTree, path: ConfigPath): unknown {
  let value: unknown = tree;
  for (const key of path) {
    if (!isTable(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

export function configString(tree: ConfigTree, path: ConfigPath): string | undefined {
  const value = configValue(tree, path);
  return typeof value === "string" ? value : undefined;
}

export function configFlag(tree: ConfigTree, path: ConfigPath): boolean | undefined {
  const value = configValue(tree, path);
  return typeof value === "boolean" ? value : undefined;
}

/** A setting that may be one string or a list of them. */
export function configStrings(tree: ConfigTree, path: ConfigPath): string[] | undefined {
  const value = configValue(tree, path);
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : undefined;
}

/** A copy of the tree with one value set; missing tables on the way are made. */
export function withValue(tree: unknown, path: ConfigPath, value: unknown): ConfigTree {
  const [key = "", ...rest] = path;
  const copy = copyOf(tree);
  copy[key] = rest.length === 0 ? value : withValue(copy[key], rest, value);
  return copy;
}

/** A copy without the value at a path, and without the tables on the way that are empty then. */
export function withoutValue(tree: unknown, path: ConfigPath): ConfigTree {
  const [key = "", ...rest] = path;
  const copy = copyOf(tree);
  const child = rest.length === 0 ? undefined : copy[key];
  const kept = isTable(child) ? withoutValue(child, rest) : child;
  const isGone = kept === undefined || (isTable(kept) && Object.keys(kept).length === 0);
  if (isGone) delete copy[key];
  else copy[key] = kept;
  return copy;
}

function copyOf(tree: unknown): ConfigTree {
  const copy: ConfigTree = Object.create(null);
  return Object.assign(copy, isTable(tree) ? tree : undefined);
}

/** Same keys and values all the way down, in any order of keys; 1 and 1.0 differ. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameValue(item, right[index]));
  }
  if (left instanceof Date && right instanceof Date) return left.toISOString() === right.toISOString();
  if (!isTable(left) || !isTable(right)) return Object.is(left, right);
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key], right[key]))
  );
}
