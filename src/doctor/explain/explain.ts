import type { DoctorCheck } from "../check.ts";
import { checks } from "../index.ts";
import { type Part, type PartKind, partsOf } from "./clean-text.ts";
import { codeEntries, withCodes } from "./entries/code.ts";
import { configEntries } from "./entries/config.ts";
import type { Entry } from "./known-error.ts";
import { limitEntries } from "./entries/limit.ts";
import { loginEntries } from "./entries/login.ts";
import { machineEntries } from "./entries/machine.ts";
import { networkEntries } from "./entries/network.ts";
import { policyEntries } from "./entries/policy.ts";
import { requestEntries } from "./entries/request.ts";
import { signInEntries } from "./entries/sign-in.ts";
import { mcpEntries, sandboxEntries } from "./entries/tool.ts";
import { workspaceEntries } from "./entries/workspace.ts";

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
export function checksFor(matches: readonly Entry[]): DoctorCheck[] {
  const wanted = new Set(matches.flatMap((entry) => entry.checks));
  return checks.filter(({ id, area }) => wanted.has(id) || wanted.has(area));
}

/** How much an entry's match says: the trouble itself, a status, or only what stands around the cause. */
type Strength = "says" | "status" | "frame";

interface Match {
  readonly entry: Entry;
  readonly strength: Strength;
  /** The longer the text that matched, the less it can mean anything else. */
  readonly length: number;
}

/** A part of the text, and what explains it, the best first. */
interface ExplainedPart {
  readonly kind: PartKind;
  readonly at: number;
  readonly matches: readonly [Match, ...Match[]];
}

const strengths: readonly Strength[] = ["says", "status", "frame"];
const kinds: readonly PartKind[] = ["error", "log", "warning", "output"];

/**
 * The entries that explain a text, the one that ended the run first; at most two, where a message has two causes.
 * A status gives way to a message that names the cause, a warning to an error, an earlier error to the last one.
 */
function matchText(text: string, entries: readonly Entry[]): Entry[] {
  const parts = partsOf(text);
  const explained = parts.flatMap((part, at) => explain(part, at, entries)).sort(byWeight);
  const last = explained[0];
  if (last === undefined || (isHarmless(last) && parts.some(({ isMarked }, at) => isMarked && at > last.at)))
    return [];
  const [{ entry, strength }, second] = last.matches;
  const cause = causeOf(entry, explained);
  if (cause) return [cause];
  const isCauseToo = strength === "says" && second?.strength === "says";
  return isCauseToo ? [entry, second.entry] : [entry];
}

function explain(part: Part, at: number, entries: readonly Entry[]): ExplainedPart[] {
  const [best, ...others] = entries
    .flatMap((entry) => matchOf(part, entry))
    .sort((a, b) => strengths.indexOf(a.strength) - strengths.indexOf(b.strength) || b.length - a.length);
  return best ? [{ kind: part.kind, at, matches: [best, ...others] }] : [];
}

/** What only frames a cause waits for another part that says more; what is harmless waits for everything. */
function byWeight(a: ExplainedPart, b: ExplainedPart): number {
  return (
    Number(isHarmless(a)) - Number(isHarmless(b)) ||
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
    Number(isFrame(a)) - Number(isFrame(b)) ||
    b.at - a.at
  );
}

function isHarmless({ matches: [{ entry }] }: ExplainedPart): boolean {
  return entry.isHarmless ?? false;
}

function isFrame({ matches: [{ strength }] }: ExplainedPart): boolean {
  return strength === "frame";
}

/** `401` at the end of a run, and before it why the login was refused: the reason is the better answer. */
function causeOf({ id }: Entry, parts: readonly ExplainedPart[]): Entry | undefined {
  return parts
    .flatMap(({ matches }) => matches)
    .find(({ entry, strength }) => strength === "says" && entry.explains?.includes(id))?.entry;
}

function matchOf({ kind, forms }: Part, entry: Entry): Match[] {
  if (kind === "output" && !entry.isInOutput) return [];
  for (const strength of strengths) {
    const length = lengthOf(entry[strength], forms);
    if (length > 0)
      return forms.some((form) => entry.unless?.test(form)) ? [] : [{ entry, strength, length }];
  }
  return [];
}

function lengthOf(pattern: RegExp | undefined, forms: readonly string[]): number {
  let longest = 0;
  if (pattern) for (const form of forms) longest = Math.max(longest, pattern.exec(form)?.[0].length ?? 0);
  return longest;
}
