import { checks } from "../index.ts";
import type { Check } from "../check.ts";
import { codeEntries, withCodes } from "./code-entries.ts";
import { configEntries } from "./config-entries.ts";
import type { Entry } from "./entry.ts";
import { limitEntries } from "./limit-entries.ts";
import { loginEntries } from "./login-entries.ts";
import { machineEntries } from "./machine-entries.ts";
import { matchText } from "./match.ts";
import { mcpEntries } from "./mcp-entries.ts";
import { networkEntries } from "./network-entries.ts";
import { policyEntries } from "./policy-entries.ts";
import { requestEntries } from "./request-entries.ts";
import { sandboxEntries } from "./sandbox-entries.ts";
import { signInEntries } from "./sign-in-entries.ts";
import { workspaceEntries } from "./workspace-entries.ts";

const written: readonly Entry[] = [
  ...loginEntries,
  ...signInEntries,
  ...workspaceEntries,
  ...limitEntries,
  ...requestEntries,
  ...policyEntries,
  ...networkEntries,
  ...mcpEntries,
  ...configEntries,
  ...sandboxEntries,
  ...machineEntries,
];

/** Everything that can be explained: what is written by hand, and every code of the catalog that none of it covers. */
export const entries: readonly Entry[] = [...written, ...codeEntries(written)].map(withCodes);

/** The entries that explain a text, the one that ended the run first. */
export function matchEntries(text: string): Entry[] {
  return matchText(text, entries);
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
