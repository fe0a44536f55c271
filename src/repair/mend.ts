import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Check, Mend, Sighting } from "./check.ts";
import { look } from "./examine.ts";
import { openScene } from "./scene.ts";
import type { Scene, SceneEffects } from "./scene.ts";
import { findingText } from "./without-secrets.ts";

/** One repair: made, or with a dry run, to be made. */
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

export interface MendOptions {
  isDryRun: boolean;
  isLive: boolean;
}

/**
 * Mends what can be mended safely, one check after another: each looks anew at what the one before it left, so a
 * second run finds nothing to do. A copy of the files is taken before the first change.
 */
export async function mendAll(
  fx: SceneEffects,
  checks: readonly Check[],
  { isDryRun, isLive }: MendOptions,
): Promise<Change[]> {
  const changes: Change[] = [];
  let scene = await openScene(fx, { asksCodex: true });
  let backup: string | null = null;
  for (const check of checks) {
    const { mend } = check;
    const isAsking = check.isLive || mend?.isLive;
    if (!mend || (isAsking && (isDryRun || !isLive))) continue;
    for (const sighting of await mendable(scene, check)) {
      const change = planned(scene, { check, mend, sighting });
      changes.push(change);
      if (isDryRun) continue;
      backup ??= (await fx.store.backUpFiles()).name;
      change.problem = await attempt(() => mend.apply(scene, sighting));
      change.isApplied = change.problem === null;
      change.undo = change.isApplied ? `codex auth backup restore ${backup}` : null;
      scene = await openScene(fx, { asksCodex: true });
    }
  }
  return changes;
}

/** What could not be looked at is told by the examination that follows. */
async function mendable(scene: Scene, check: Check): Promise<readonly Sighting[]> {
  const looked = await look(scene, check);
  if ("skipped" in looked || "failed" in looked) return [];
  return looked.filter(({ canMend = true }) => canMend);
}

function planned(
  scene: Scene,
  { check, mend, sighting }: { check: Check; mend: Mend; sighting: Sighting },
): Change {
  const message = findingText(check.area, mend.describe(scene, sighting));
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
