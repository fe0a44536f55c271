export type Severity = "error" | "warning" | "info";

/** Something that a person should know, and the command that ends it. */
export interface Finding {
  /** Stable; scripts look for it. */
  id: string;
  severity: Severity;
  message: string;
  fix: string | null;
}
