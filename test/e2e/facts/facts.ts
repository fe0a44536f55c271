/** What one version of Codex says of itself, as fixtures/codex/<version>.json keeps it. */
export interface CodexFacts {
  version: string;
  /** By the name of the file; none before Codex had databases. */
  databases: Record<string, readonly Migration[]>;
}

export interface Migration {
  number: number;
  description: string;
  /** Of the SQL, as the database records it. */
  sha384: string;
}
