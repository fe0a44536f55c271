import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type DoctorCheck, findingText, type Fix, type FoundFault } from "./check.ts";
import { type Examination, examine } from "./examine.ts";
import { readFacts, type DoctorContext, type Facts } from "./facts.ts";

/** One fix: made, or with a dry run, to be made. */
export interface Change {
  /** Of the check that found the fault. */
  id: string;
  /** What is done. */
  message: string;
  isApplied: boolean;
  /** Why it was not done. */
  problem: string | null;
  /** The command that takes it back; null when nothing was changed. */
  undo: string | null;
}

/** What was fixed, and what is found after it, on which facts. */
export interface Fixed {
  changes: Change[];
  left: Examination;
  facts: Facts;
}

/**
 * Fixes what can be fixed safely, one check after another: each looks anew at what the one before it left. One fix may
 * uncover the next finding or make another one possible, so all look again until none is tried: the last look is what
 * is left, and a second run finds nothing to do. A copy of the files is taken before the first change.
 */
export async function fixAll(
  ctx: DoctorContext,
  checks: readonly DoctorCheck[],
  { isLive }: { isLive: boolean },
): Promise<Fixed> {
  const changes = new Map<string, Change>();
  /** How many fixes were made when each was tried: what failed then may be possible after the next. */
  const triedAfter = new Map<string, number>();
  const read = () => readFacts(ctx, { asksCodex: true });
  let facts = await read();
  let backup: string | null = null;
  let made = 0;
  let tried = 0;
  const fixFound = async (check: DoctorCheck, found: readonly FoundFault[]): Promise<void> => {
    for (const { fix } of found) {
      if (!fix || (fix.isLive && !isLive)) continue;
      const change = planned(check, fix);
      const key = `${change.id} ${change.message}`;
      // What did not end its finding would not do so a second time.
      if (changes.get(key)?.isApplied || triedAfter.get(key) === made) continue;
      changes.set(key, change);
      triedAfter.set(key, made);
      tried += 1;
      backup ??= (await ctx.store.backUpFiles()).name;
      change.problem = await attempt(fix.apply);
      change.isApplied = change.problem === null;
      if (change.isApplied) made += 1;
      change.undo = change.isApplied ? `codex auth backup restore ${backup}` : null;
      facts = await read();
    }
  };
  // OpenAI is asked once for what to fix, and once for what is left.
  for (let isFirst = true; ; isFirst = false) {
    const before = tried;
    const left = await examine(() => facts, checks, { isLive: isLive && isFirst, onLooked: fixFound });
    if (tried > before) continue;
    if (!isLive) return { changes: [...changes.values()], left, facts };
    facts = await read();
    return { changes: [...changes.values()], left: await examine(facts, checks, { isLive }), facts };
  }
}

function planned(check: DoctorCheck, { does }: Fix): Change {
  const message = findingText(check.area, does);
  return { id: check.id, message, isApplied: false, problem: null, undo: null };
}

async function attempt(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof CodexAuthError) return error.message;
    throw error;
  }
}
