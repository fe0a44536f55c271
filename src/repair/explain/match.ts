import { partsOf } from "./clean-text.ts";
import type { Part, PartKind } from "./clean-text.ts";
import type { Entry } from "./entry.ts";

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
export function matchText(text: string, entries: readonly Entry[]): Entry[] {
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
  const found = strengths.map((strength) => ({ entry, strength, length: lengthOf(entry[strength], forms) }));
  const best = found.find(({ length }) => length > 0);
  return best && !forms.some((form) => entry.unless?.test(form)) ? [best] : [];
}

function lengthOf(pattern: RegExp | undefined, forms: readonly string[]): number {
  if (pattern === undefined) return 0;
  return Math.max(...forms.map((form) => pattern.exec(form)?.[0].length ?? 0));
}
