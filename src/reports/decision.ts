import { clockText } from "../text/times.ts";
import type { Ui } from "../ui/ui.ts";

/** Which account a proxy or a gateway took for a request, as a line tells it. */
interface ToldDecision {
  at: string;
  kind: string;
  /** Of the account, or what stands for none. */
  name: string;
  /** The key whose request it was; absent where there is one client. */
  client?: string | null;
  reason: string;
  /** Null while it runs. */
  outcome: string | null;
}

export function decisionText({ kind, name, client = null, reason }: ToldDecision): string {
  const what = kind === "wait" ? name : `${kind} ${name}`;
  return `${what}${client === null ? "" : ` for ${client}`} (${reason})`;
}

export function outcomeText({ outcome }: ToldDecision): string {
  return outcome ?? "runs";
}

/** Below a status; nothing where nothing was decided. */
export function lastDecisionLines(decisions: readonly ToldDecision[], ui: Ui): string[] {
  if (decisions.length === 0) return [];
  const lines = decisions.map(
    (each) => `${clockText(each.at, ui.nowMs)} ${decisionText(each)}: ${outcomeText(each)}`,
  );
  return ["", "Last decisions:", ...lines];
}
