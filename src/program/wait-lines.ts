import type { Output } from "../context.ts";
import { type Obstacle, processesText } from "../store/context.ts";
import { safe } from "../text/safe-text.ts";
import { durationText } from "../text/times.ts";

/** Tells on standard error what a command waits for: once, and on a terminal with the time that is left. */
export function waitTeller(output: Output): (wait: { obstacle: Obstacle; leftMs: number }) => void {
  let told = "";
  let shown = "";
  return ({ obstacle, leftMs }) => {
    // Codex holds it for a moment at each save.
    if (obstacle.kind === "locks") return;
    const text = waitText(obstacle);
    if (!output.isTerminal) {
      if (text !== told && leftMs > 0) output.write(`${text} up to ${durationText(leftMs + 999)}.\n`);
      told = text;
      return;
    }
    const line = leftMs > 0 ? `${text} ${durationText(leftMs + 999)} …` : "";
    if (line === shown) return;
    // Blanks and not an escape sequence: a dumb terminal knows no other way to wipe a line.
    output.write(`\r${line}${" ".repeat(Math.max(0, shown.length - line.length))}${line === "" ? "\r" : ""}`);
    shown = line;
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
