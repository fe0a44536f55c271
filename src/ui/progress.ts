import type { Output } from "../context.ts";

/** A counter on one line of a terminal, gone at the end; nothing where stderr is none. */
export function startProgress(output: Output, verb: string, total: number): { step(): void; end(): void } {
  let done = 0;
  let shown = "";
  const show = (text: string) => {
    if (!output.isTerminal) return;
    // Blanks and not an escape sequence: a dumb terminal knows no other way to wipe a line.
    output.write(`\r${text}${" ".repeat(Math.max(0, shown.length - text.length))}`);
    shown = text;
  };
  show(`${verb} 0 of ${total}`);
  return {
    step: () => show(`${verb} ${(done += 1)} of ${total}`),
    end: () => {
      show("");
      if (output.isTerminal) output.write("\r");
    },
  };
}
