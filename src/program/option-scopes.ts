import type { Argument, Option } from "commander";

type First = (Argument & { readonly offered?: readonly string[] }) | undefined;

/** What the first word of a command may be; empty where it may be anything. */
export function actionsOf(first: First): readonly string[] {
  return first?.offered ?? first?.argChoices ?? [];
}

/**
 * Behind which words an option means something, as `key create`; null where it always does. Its description says so:
 * `start: …`, `key create/edit: …`, `stop: …; key revoke: …`.
 */
export function optionScopes({ description }: Option, first: First): readonly string[] | null {
  const actions = actionsOf(first);
  const scopes = description.split("; ").flatMap((part) => {
    const [, action = "", words = ""] = /^([a-z]+)(?: ([a-z/]+))?: /.exec(part) ?? [];
    if (!actions.includes(action)) return [];
    return words === "" ? [action] : words.split("/").map((word) => `${action} ${word}`);
  });
  return scopes.length === 0 ? null : scopes;
}

/** Whether such an option means something behind these words, or may when more is typed; null means something always. */
export function fitsWords(scopes: readonly string[] | null | undefined, words: string): boolean {
  const isStart = (one: string, other: string) => `${other} `.startsWith(`${one} `);
  return words === "" || !scopes || scopes.some((scope) => isStart(scope, words) || isStart(words, scope));
}
