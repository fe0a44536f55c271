/** What is needed of a zod issue. Structural, so that importing this never loads zod. */
export interface ValidationIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A path in the dot notation of the error contract: `["input", 0, "content"]` is `input.0.content`. */
export function paramFromPath(path: readonly PropertyKey[]): string | undefined {
  return path.length === 0 ? undefined : path.map(String).join(".");
}
