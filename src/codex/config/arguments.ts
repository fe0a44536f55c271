import { readConfig } from "./toml.ts";
import { type ConfigTree, withValue } from "./tree.ts";

/** What the words behind `codex` say about its configuration. */
export interface ConfigArguments {
  /** `-p NAME` */
  profile: string | null;
  /** `-C DIR`: where it works, instead of here. */
  folder: string | null;
  /** Of every `-c key=value`, the last one the strongest. */
  settings: ConfigTree;
  ignoresUser: boolean;
}

export function configArguments(args: readonly string[]): ConfigArguments {
  const end = args.indexOf("--");
  const words = end < 0 ? args : args.slice(0, end);
  const settings = valuesOf(words, "-c", "--config").reduce(withSetting, {});
  return {
    profile: valuesOf(words, "-p", "--profile").at(-1) ?? null,
    folder: valuesOf(words, "-C", "--cd").at(-1) ?? null,
    settings,
    ignoresUser: words.includes("--ignore-user-config"),
  };
}

/** `-c x`, `-cx`, `-c=x`, `--config x` and `--config=x`, as Codex takes them. */
function valuesOf(words: readonly string[], short: string, long: string): string[] {
  return words.flatMap((word, index) => {
    if (word === short || word === long) return words[index + 1] ?? [];
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1);
    const isAttached = word.startsWith(short) && !word.startsWith("--");
    return isAttached ? word.slice(short.length).replace(/^=/, "") : [];
  });
}

/** What is no value of TOML is text; Codex says itself what has no `=`. */
function withSetting(tree: ConfigTree, word: string): ConfigTree {
  const [, path = "", written = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  if (path === "") return tree;
  const reading = readConfig(`value = ${written.trim()}`);
  const value =
    reading.kind === "tree" ? reading.tree["value"] : written.trim().replace(/^["']+|["']+$/g, "");
  return withValue(tree, path.trim().split("."), value);
}
