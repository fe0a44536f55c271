import type { Output } from "../context.ts";
import { type Obstacle, processesText } from "../store/context.ts";
import { safe } from "../text/safe-text.ts";
import { durationText } from "../text/times.ts";

/** A line of a terminal: each text takes the place of the one before it, and an empty one leaves nothing. */
function passingLine(output: Output): (text: string) => void {
  let shown = "";
  return (text) => {
    if (text === shown) return;
    // Blanks and not an escape sequence: a dumb terminal knows no other way to wipe a line.
    output.write(`\r${text}${" ".repeat(Math.max(0, shown.length - text.length))}${text === "" ? "\r" : ""}`);
    shown = text;
  };
}

/** A counter, gone at the end; nothing where stderr is no terminal. */
export function startProgress(output: Output, verb: string, total: number): { step(): void; end(): void } {
  const show = output.isTerminal ? passingLine(output) : () => undefined;
  let done = 0;
  show(`${verb} 0 of ${total}`);
  return {
    step: () => show(`${verb} ${(done += 1)} of ${total}`),
    end: () => show(""),
  };
}

/** Tells on standard error what a command waits for: once, and on a terminal with the time that is left. */
export function waitTeller(output: Output): (wait: { obstacle: Obstacle; leftMs: number }) => void {
  const show = passingLine(output);
  let told = "";
  return ({ obstacle, leftMs }) => {
    // Codex holds it for a moment at each save.
    if (obstacle.kind === "locks") return;
    const text = waitText(obstacle);
    if (output.isTerminal) {
      show(leftMs > 0 ? `${text} ${durationText(leftMs + 999)} …` : "");
      return;
    }
    if (text !== told && leftMs > 0) output.write(`${text} up to ${durationText(leftMs + 999)}.\n`);
    told = text;
  };
}

function waitText(obstacle: Exclude<Obstacle, { kind: "locks" }>): string {
  if (obstacle.kind === "renewal") {
    const { name, pid } = obstacle;
    return safe`codex-auth is renewing the token of ${name} (process ${pid}); waiting for it:`;
  }
  const { name, processes } = obstacle;
  return safe`A running Codex (${processesText(processes)}) may be renewing the token of ${name}; waiting for it:`;
}
