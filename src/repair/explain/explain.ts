import { checks } from "../index.ts";
import type { Check } from "../check.ts";
import type { Entry } from "./entry.ts";
import { limitEntries } from "./limit-entries.ts";
import { loginEntries } from "./login-entries.ts";
import { machineEntries } from "./machine-entries.ts";
import { networkEntries } from "./network-entries.ts";

/** Everything that can be explained. */
export const entries: readonly Entry[] = [
  ...loginEntries,
  ...limitEntries,
  ...networkEntries,
  ...machineEntries,
];

/** The entries that fit a text. General ones only when nothing says more. */
export function matchEntries(text: string): Entry[] {
  const found = entries.filter(({ pattern }) => pattern.test(text));
  const special = found.filter(({ isGeneral }) => !isGeneral);
  return special.length > 0 ? special : found;
}

const mostNearest = 3;

/** For a text that nothing fits: the entries that share most words with it, if any. */
export function nearestEntries(text: string): Entry[] {
  const words = wordsOf(text);
  return entries
    .map((entry) => ({ entry, shared: countShared(words, entry) }))
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared)
    .slice(0, mostNearest)
    .map(({ entry }) => entry);
}

function countShared(words: ReadonlySet<string>, { title, example, cause }: Entry): number {
  return [...wordsOf(`${title} ${example} ${cause}`)].filter((word) => words.has(word)).length;
}

/** Short words are in every sentence. */
function wordsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[a-z]{4,}/g) ?? [];
  return new Set(words.filter((word) => !common.has(word)));
}

const common = new Set(
  "codex error that this with from have your could cannot failed when what more been".split(" "),
);

/** The checks that show what this machine has of it. */
export function checksFor(matches: readonly Entry[]): Check[] {
  const wanted = new Set(matches.flatMap((entry) => entry.checks));
  return checks.filter(({ id, area }) => wanted.has(id) || wanted.has(area));
}
