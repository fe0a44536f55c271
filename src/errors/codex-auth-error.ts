import type { CommandErrorCode } from "./command-errors.ts";

export interface ErrorDetails {
  /** What to type next. */
  hint?: string;
  /** The accounts that an ambiguous selector could mean. */
  candidates?: readonly string[];
  cause?: unknown;
}

/** Known trouble: what happened and why in `message`, what to type next in `hint`. */
export class CodexAuthError extends Error {
  readonly code: CommandErrorCode;
  readonly hint: string | undefined;
  readonly candidates: readonly string[] | undefined;

  constructor(code: CommandErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "CodexAuthError";
    this.code = code;
    this.hint = details.hint;
    this.candidates = details.candidates;
  }
}

export type Severity = "error" | "warning" | "info";

/** Something that a person should know, and the command that ends it. */
export interface Finding {
  /** Stable; scripts look for it. */
  id: string;
  severity: Severity;
  message: string;
  fix: string | null;
}
