import type { Context, KeyTerminal } from "../context.ts";
import { isTerminal } from "./streams.ts";

const named: Readonly<Record<string, string>> = {
  "\u001b[A": "up",
  "\u001bOA": "up",
  "\u001b[B": "down",
  "\u001bOB": "down",
  "\u001b[C": "right",
  "\u001bOC": "right",
  "\u001b[D": "left",
  "\u001bOD": "left",
  "\u001b[H": "home",
  "\u001b[F": "end",
  "\u001b[5~": "pageup",
  "\u001b[6~": "pagedown",
  "\u001b": "escape",
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0003": "ctrl-c",
  "\u000e": "down",
  "\u0010": "up",
  "\u001a": "ctrl-z",
};

/** The keys in what a terminal sent: a name for those that have one, else the letter; unknown sequences are left out. */
export function keysIn(text: string): string[] {
  const parts = text.match(/\u001b(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[^]/gu) ?? [];
  return parts.flatMap((part) => named[part] ?? (/^[^\u0000-\u001f\u007f]$/u.test(part) ? [part] : []));
}

/** The terminal of this process, key by key; null where that cannot be had. */
export function keyTerminal(env: Context["env"], fd: 1 | 2): KeyTerminal | null {
  if (env["TERM"] === "dumb" || !isTerminal(0) || !isTerminal(fd)) return null;
  const stdin = process.stdin;
  if (typeof stdin.setRawMode !== "function") return null;
  const output = fd === 1 ? process.stdout : process.stderr;
  const stop = { leave: () => {}, come: () => {}, isAway: false };
  const suspend = () => {
    stop.isAway = true;
    stop.leave();
    // Without a listener the signal stops the whole job in this call, npx and a shell around it too, and it goes on
    // behind it. Where no shell would take the terminal, the system lets it run.
    process.off("SIGTSTP", suspend);
    process.kill(0, "SIGTSTP");
    process.on("SIGTSTP", suspend);
    stop.come();
    stop.isAway = false;
  };
  /** After a stop that nobody can hear of. */
  const goOn = () => {
    if (stop.isAway) return;
    stop.leave();
    stop.come();
  };
  return {
    size: () => ({ columns: output.columns || 80, rows: output.rows || 24 }),
    write: (text) => void output.write(text),
    listen: ({ onKey, onResize, onLeave, onReturn }) => {
      const hear = (text: string) => keysIn(text).forEach(onKey);
      stop.leave = () => {
        onLeave();
        stdin.setRawMode(false);
      };
      stop.come = () => {
        stdin.setRawMode(true);
        onReturn();
      };
      stdin.setEncoding("utf8").setRawMode(true).resume().on("data", hear);
      output.on("resize", onResize);
      process.on("SIGTSTP", suspend).on("SIGCONT", goOn);
      return () => {
        process.off("SIGTSTP", suspend).off("SIGCONT", goOn);
        stdin.off("data", hear).setRawMode(false).pause();
        output.off("resize", onResize);
      };
    },
    suspend,
  };
}
