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
