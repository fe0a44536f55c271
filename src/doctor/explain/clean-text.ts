/** How much a part of a text says about the trouble: an error of Codex, a line of its log, a warning, output of a command. */
export type PartKind = "error" | "log" | "warning" | "output";

/** One error, warning or line of a log, whichever way the terminal wrapped it. */
export interface Part {
  readonly kind: PartKind;
  /** As one line: once with a space where a line ended, once with nothing, because terminals cut inside words. */
  readonly forms: readonly string[];
  /** The text itself calls it an error. */
  readonly isMarked: boolean;
}

const mostParts = 400;
const longestPart = 4000;

/**
 * The parts of a text that can name a trouble, in their order. Colours, boxes and bullets are gone, and of a run of
 * `codex exec` what it prints before its work (`sandbox: read-only`), what the person asked and what the model said.
 */
export function partsOf(text: string): Part[] {
  const reader = new Reader();
  for (const line of linesOf(text)) reader.read(line);
  return reader.parts().slice(-mostParts);
}

function linesOf(text: string): string[] {
  return text
    .replace(escapes, "")
    .replace(/\r\n?/g, "\n")
    .replace(inlineStart, "\n")
    .split("\n")
    .map((line) => line.replace(bullets, "").trimEnd());
}

/** Colours, links and titles of a terminal. */
const escapes = new RegExp(
  String.raw`\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\^_])`,
  "g",
);
/** Boxes, bullets and signs that stand before a message. */
const bullets = /^(?:[\s■▌│└├╭╰•›✘⚠🖐×✗❌>]|\u{FE0F})*(?=\S)/u;
/** Where the lines of a run were joined, each start still shows. */
const inlineStart = /\s(?=\d{4}-\d\d-\d\dT[\d:.]{8,20}Z? +(?:ERROR|WARN)\b|(?:ERROR|WARNING): )/g;

const starts: readonly (readonly [RegExp, PartKind | "skipped"])[] = [
  [/^\d{4}-\d\d-\d\dT[\d:.]{8,20}Z? +ERROR\b/, "log"],
  [/^\d{4}-\d\d-\d\dT[\d:.]{8,20}Z? +WARN\b/, "warning"],
  [/^\d{4}-\d\d-\d\dT[\d:.]{8,20}Z? +(?:INFO|DEBUG|TRACE)\b/, "skipped"],
  [/^(?:warning|hint|note):/i, "warning"],
  [/^(?:Fatal error|Error|ERROR)(?:\[\w{1,20}\])?: /, "error"],
  [/^Error (?:running|loading|logging|checking|starting|creating) /, "error"],
  [/^(?:stream error: |Reconnecting\.\.\.)/, "error"],
  [/^\{"type":"(?:error|turn\.failed|response\.failed)"/, "error"],
  [/^\{"type":"(?:item|thread|turn)\.\w{1,20}"/, "skipped"],
];

/** What `codex exec` prints of itself. */
const header =
  /^(?:workdir: .|model: \S+$|provider: \S+$|approval: (?:never|untrusted|on-request|on-failure|granular)\b|sandbox: (?:read-only|workspace-write|danger-full-access)\b|reasoning (?:effort|summaries): \w+$|session id: )/;
const roles: Readonly<Record<string, PartKind | "skipped">> = {
  user: "skipped",
  codex: "skipped",
  thinking: "skipped",
  assistant: "skipped",
  exec: "output",
  "tokens used": "skipped",
};

/** In a run other programs speak too; Codex itself starts its own errors so. */
const ownStarts = starts.filter(([pattern]) => pattern.source.startsWith("^\\d{4}"));
const startsInRun: typeof starts = [...ownStarts, [/^ERROR: /, "error"], [/^warning: /, "warning"]];

/** Puts lines together to parts. */
class Reader {
  private readonly found = new Map<string, Part>();
  private lines: string[] = [];
  private kind: PartKind | "skipped" = "error";
  private isMarked = false;
  private isRun = false;

  read(line: string): void {
    if (/^(?:\[[^\]]{1,40}\] )?OpenAI Codex v\d/.test(line)) return this.begin("skipped", true);
    if (this.isRun && /^-{8,}$/.test(line)) return this.begin("skipped");
    if (header.test(line)) return this.begin("skipped");
    const role = this.isRun && Object.hasOwn(roles, line) ? roles[line] : undefined;
    // What a run used is told at its end, after the error that ended it.
    if (role !== undefined) return line === "tokens used" ? this.begin(role) : this.goOn(role);
    const start = (this.isRun ? startsInRun : starts).find(([pattern]) => pattern.test(line));
    if (start && !this.isOpen()) {
      this.begin(start[1]);
      this.isMarked = start[1] === "error";
    }
    this.lines.push(line);
  }

  /** The last line ends with a colon, so that what follows belongs to it, wherever the terminal broke it. */
  private isOpen(): boolean {
    return /[:,]$/.test(this.lines.at(-1) ?? "");
  }

  parts(): Part[] {
    this.begin("skipped");
    return [...this.found.values()];
  }

  private begin(kind: PartKind | "skipped", isRun = this.isRun): void {
    if (this.kind !== "skipped") this.keep(this.kind);
    this.lines = [];
    this.isMarked = false;
    this.kind = kind;
    this.isRun = isRun;
  }

  /** The run went on after the errors so far, so they did not end it. */
  private goOn(role: PartKind | "skipped"): void {
    this.begin(role);
    for (const [key, { kind }] of this.found) if (kind === "error") this.found.delete(key);
  }

  /** A part that comes again counts where it came last. */
  private keep(kind: PartKind): void {
    const forms = formsOf(this.lines);
    if (forms[0] === undefined || forms[0] === "") return;
    const key = `${kind} ${forms[0].replace(/^\S+Z? /, "")}`;
    this.found.delete(key);
    this.found.set(key, { kind, forms, isMarked: this.isMarked });
  }
}

function formsOf(lines: readonly string[]): string[] {
  const spaced = clip(lines.join(" ").replace(/\s+/g, " ").trim());
  const joined = clip(lines.join("").replace(/\s+/g, " ").trim());
  return lines.length > 1 && joined !== spaced ? [spaced, joined] : [spaced];
}

/** The start of a part and its end: what lies between is a page of HTML or a stack. */
function clip(text: string): string {
  return text.length <= longestPart ? text : `${text.slice(0, longestPart - 1000)} … ${text.slice(-1000)}`;
}
