/** One trouble that Codex, its servers or the system tell in words. */
export interface Entry {
  /** Stable. */
  id: string;
  /** The trouble, as a headline. */
  title: string;
  /** Names this trouble and no other. Patterns match in linear time: no quantifier inside another. */
  says?: RegExp;
  /** A status or a word that many troubles share: counts when nothing in the text names one. */
  status?: RegExp;
  /** What only stands around the cause, as `Reconnecting... 2/5` does: counts when there is nothing else. */
  frame?: RegExp;
  /** Where this stands too, the text is about something else. */
  unless?: RegExp;
  /** Names for programs that stand for this trouble: codes of errors, names of CodexErrorInfo. */
  codes?: readonly string[];
  /** Nothing has to be done, so it never hides another trouble. */
  isHarmless?: boolean;
  /** Also believed where it stands in the output of a command that Codex ran. */
  isInOutput?: boolean;
  /** Vaguer troubles of which this is the cause, when both are in one run. */
  explains?: readonly string[];
  cause: string;
  /** What to do; commands as they are typed. */
  fix: string;
  /** Ids of checks, or areas, that show what this machine has of it. */
  checks: readonly string[];
  /** A text as it is seen, for the page and the tests. */
  example: string;
}

/** What people type when they want another account now. */
export const anotherAccount =
  "Use another account now: codex auth switch --auto. codex auth forecast shows when each window resets.";

/** Asks the network what is wrong with it. */
export const networkTriage = "codex auth doctor --live tells time-out, name lookup, TLS and proxy apart";

/** An HTTP status as programs write it: `status 403`, `HTTP 403`, `failed: 403`, `403 Forbidden`, or the number alone. */
export function statusPattern(status: number | string, reason: string): RegExp {
  const before = String.raw`(?:status|http|https?/[\d.]+|error|errors?:|code|failed|failed:|refused:)["']?(?: code)?[^\w,]{0,3}`;
  return new RegExp(
    String.raw`\b(?:${before}(?:${status})\b|(?:${status})\W{1,3}(?:${reason})\b)|^(?:${status})$|\b(?:${reason})\b`,
    "i",
  );
}
