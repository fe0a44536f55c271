/** One trouble that Codex, its servers or the system tell in words. */
export interface Entry {
  /** Stable. */
  id: string;
  /** The trouble, as a headline. */
  title: string;
  /** Matches in linear time: no quantifier inside another. */
  pattern: RegExp;
  /** Steps aside when an entry that says more matches too. */
  isGeneral?: boolean;
  cause: string;
  /** What to do; commands as they are typed. */
  fix: string;
  /** Ids of checks, or areas, that show what this machine has of it. */
  checks: readonly string[];
  /** A text as it is seen, for the page and the tests. */
  example: string;
}
