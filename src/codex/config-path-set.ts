import type { ConfigPath } from "./config-tree.ts";

/** Paths of which it is asked whether one of them leads to another path. */
interface PathSet {
  /** Whether a path is one of the set or lies below one. */
  coversPath(path: ConfigPath): boolean;
}

interface Node {
  isEnd: boolean;
  readonly below: Map<string, Node>;
}

/** A tree of keys, so that a question takes as long as its path and not as the set. */
export function pathSet(paths: readonly ConfigPath[]): PathSet {
  const root: Node = { isEnd: false, below: new Map() };
  for (const path of paths) add(root, path);
  return { coversPath: (path) => covers(root, path) };
}

function add(root: Node, path: ConfigPath): void {
  let node = root;
  for (const key of path) {
    const next = node.below.get(key) ?? { isEnd: false, below: new Map<string, Node>() };
    node.below.set(key, next);
    node = next;
  }
  node.isEnd = true;
}

function covers(root: Node, path: ConfigPath): boolean {
  let node: Node | undefined = root;
  for (const key of path) {
    if (node.isEnd) return true;
    node = node.below.get(key);
    if (!node) return false;
  }
  return node.isEnd;
}
