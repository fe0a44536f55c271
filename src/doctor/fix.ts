import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type DoctorCheck, findingText, type Fix } from "./check.ts";
import { look } from "./examine.ts";
import { readFacts, type Facts, type DoctorContext } from "./facts.ts";

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

/**
 * Fixes what can be fixed safely, one check after another: each looks anew at what the one before it left. One fix may
 * uncover the next finding or make another one possible, so all look again until nothing new is made, and a second run
 * finds nothing to do. A copy of the files is taken before the first change.
 */
export async function fixAll(
  ctx: DoctorContext,
  checks: readonly DoctorCheck[],
  { isLive }: { isLive: boolean },
): Promise<Change[]> {
  const changes = new Map<string, Change>();
  /** How many fixes were made when each was tried: what failed then may be possible after the next. */
  const triedAfter = new Map<string, number>();
  let facts = await readFacts(ctx, { asksCodex: true });
  let backup: string | null = null;
  let made = 0;
  for (let before = -1; before < made + changes.size;) {
    const isFirst = before === -1;
    before = made + changes.size;
    for (const check of checks) {
      // OpenAI is asked once.
      if (check.isLive && !(isLive && isFirst)) continue;
      for (const fix of await fixesFor(facts, check, isLive)) {
        const change = planned(check, fix);
        const key = `${change.id} ${change.message}`;
        // What did not end its finding would not do so a second time.
        if (changes.get(key)?.isApplied || triedAfter.get(key) === made) continue;
        changes.set(key, change);
        triedAfter.set(key, made);
        backup ??= (await ctx.store.backUpFiles()).name;
        change.problem = await attempt(fix.apply);
        change.isApplied = change.problem === null;
        if (change.isApplied) made += 1;
        change.undo = change.isApplied ? `codex auth backup restore ${backup}` : null;
        facts = await readFacts(ctx, { asksCodex: true });
      }
    }
  }
  return [...changes.values()];
}

/** What could not be looked at is told by the examination that follows. */
async function fixesFor(facts: Facts, check: DoctorCheck, isLive: boolean): Promise<Fix[]> {
  const looked = await look(facts, check);
  if ("skipped" in looked || "failed" in looked) return [];
  return looked.flatMap(({ fix }) => (fix && (isLive || !fix.isLive) ? [fix] : []));
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
