/** What one version of Codex says of itself, as fixtures/codex/<version>.json keeps it. */
export interface CodexFacts {
  version: string;
  /** By the name of the file; none before Codex had databases. */
  databases: Record<string, readonly Migration[]>;
  protocol: Protocol;
  /** Paths below the addresses that Codex talks to, as far as the text of the program tells them. */
  routes: readonly string[];
  /** What Codex calls the ways in which a turn can end badly; found as text, so words of it may run together. */
  errorCodes: readonly string[];
  /** Every key of config.toml; null for versions from before Codex could be asked. */
  config: ConfigTable | null;
}

export interface Migration {
  number: number;
  description: string;
  /** Of the SQL, as the database records it. */
  sha384: string;
}

/** Of the app-server. */
export interface Protocol {
  requests: readonly string[];
  serverRequests: readonly string[];
  notifications: readonly string[];
  /** The names of CodexErrorInfo. */
  errorInfo: readonly string[];
  /** A digest of each. */
  types: Record<string, string>;
}

/** What Codex takes as the value of a key. Nothing that is not here. */
export interface ConfigNode {
  any?: true;
  /** Any text, or these words only. */
  text?: true | string[];
  notEmpty?: true;
  /** Null where none of the usual limits was taken. */
  integer?: [min: number | null, max: number | null];
  float?: true;
  flag?: true;
  /** A list of these. */
  items?: ConfigNode;
  /** Only a list without anything in it. */
  emptyList?: true;
  table?: ConfigTable;
  /** Kinds of values of which some are taken, by rules that were not found out. */
  depends?: string[];
  /** Of a table that may be written as the list of its values: kinds that a list of one may not hold. */
  notInList?: string[];
}

export interface ConfigTable {
  fields: Record<string, ConfigNode>;
  /** What other keys may have. */
  others: ConfigNode | "ignored" | "refused" | "any";
  /** Other keys are ignored, although they must have that kind of value. */
  isNamed?: true;
  required?: string[];
  /** Exactly one of the fields. */
  isOneOf?: true;
}
