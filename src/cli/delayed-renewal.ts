import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Context } from "./context.ts";

/** Says on standard error when a token that still serves could not be renewed. */
export function withDelays(ctx: Context): Context & { onDelay: (problem: CodexAuthError) => void } {
  const onDelay = ({ message, hint }: CodexAuthError) =>
    ctx.stderr.write(
      `${safeText(message)} The old one serves until it ends.${hint ? `\n${safeText(hint)}` : ""}\n`,
    );
  return { ...ctx, onDelay };
}
