/**
 * Why upstream does not serve an account for a while. `exhausted`: a usage limit; `transient`: asked to slow
 * down, or upstream trouble; `auth`: the login was refused after a refresh.
 */
export type BlockKind = "exhausted" | "transient" | "auth";

/** Only an answer of upstream blocks an account; a reported 100 % is advice. */
export interface Block {
  readonly kind: BlockKind;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The limit that was reached; blocks of other kinds hold for every limit. */
  readonly limitId?: string;
}

/** The block that holds now for requests under `limitId`, or null. */
export function activeBlock(block: Block | null, nowMs: number, limitId: string): Block | null {
  if (block === null || block.untilMs <= nowMs) return null;
  return block.limitId === undefined || block.limitId === limitId ? block : null;
}
