import type { Context } from "../context.ts";
import { jsonText } from "../text/safe-text.ts";

/** The command line as far as every command shares it. */
export interface Invocation {
  name: string | null;
  rest: readonly string[];
  isJson: boolean;
  isPlain: boolean;
  wantsHelp: boolean;
  wantsVersion: boolean;
}

const globalOptions: ReadonlySet<string> = new Set([
  "--json",
  "--no-color",
  "--help",
  "-h",
  "--version",
  "-V",
]);

/** The first word of the command line of the process that spends a refresh token. No command for people. */
export const renewalWord = "internal-renewal";

/** What shells ask at every TAB: `__complete -- <words>`; the last word is the one being typed. */
export const completionWord = "__complete";

/** Global options may stand before the command or after it; behind `--` nothing is ours. */
export function readInvocation(argv: readonly string[]): Invocation {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const at = own.findIndex((word) => !word.startsWith("-") || word === "-");
  const before = at === -1 ? own : own.slice(0, at);
  const unknown =
    before.find((word) => !globalOptions.has(word)) ?? (isStray(argv, own, at) ? "--" : undefined);
  return {
    name: unknown ?? (at === -1 ? null : (own[at] ?? null)),
    rest: at === -1 ? [] : argv.slice(at + 1),
    // With a value it is wrong, and whoever reads that reads JSON.
    isJson: own.some((word) => word === "--json" || word.startsWith("--json=")),
    isPlain: own.includes("--no-color"),
    wantsHelp: own.includes("--help") || own.includes("-h"),
    wantsVersion: before.includes("--version") || before.includes("-V"),
  };
}

/** Words behind a `--` with no command before it, which would be nobody's. */
function isStray(argv: readonly string[], own: readonly string[], at: number): boolean {
  return at === -1 && argv.length > own.length + 1;
}

/** Whether no command was typed, and no help asked for. */
export function isBare({ name, isJson, wantsHelp, wantsVersion }: Invocation): boolean {
  return name === null && !isJson && !wantsHelp && !wantsVersion;
}

/** Whether only the version is asked for. */
export function isVersion({ name, wantsVersion }: Invocation): boolean {
  return wantsVersion || name === "version";
}

/** A word that the answers of the program itself, `version` and `help`, have no place for; null when there is none. */
export function strayWord(invocation: Invocation): string | null {
  const { name, rest } = invocation;
  const words = rest.filter((word) => !globalOptions.has(word));
  if (isVersion(invocation)) return (name === "version" ? words[0] : (name ?? words[0])) ?? null;
  return name === "help" ? (words[1] ?? null) : null;
}

/** The command that a command line is about, with the help of one, and with what TAB is pressed behind; null for none. */
export function topicOf({ name, rest }: Invocation): string | null {
  if (name === "help") return rest.find((word) => !globalOptions.has(word)) ?? null;
  return name === completionWord ? typedCommand(rest.slice(1)).command : name;
}

/** The words that TAB was pressed behind. */
export function completedWords(argv: readonly string[]): readonly string[] {
  return readInvocation(argv).rest.slice(1);
}

/** What stands before the word that is being typed. */
export function typedCommand(words: readonly string[]): { command: string | null; rest: readonly string[] } {
  const before = words.slice(0, -1);
  const at = before.findIndex((word) => !isOption(word));
  return { command: before[at] ?? null, rest: at === -1 ? [] : before.slice(at + 1) };
}

/** `-` is an account. */
export function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

type Invoker = Pick<Context, "env">;

/** Commands to type are written as `codex auth …`; where that is not how we were called, as we were. */
export function asInvoked({ env }: Invoker, text: string): string {
  const name = nameOf(env);
  return name === "codex auth" ? text : text.replaceAll(/codex auth(?= [a-z<-])/g, name);
}

function nameOf(env: Invoker["env"]): string {
  return env["CODEX_AUTH_INVOKED_AS"] ?? "codex-auth";
}

/** The text of a JSON document in which commands to type are written in the same way. */
export function documentText(invoker: Invoker, document: object): string {
  const text = jsonText(document);
  // To walk through a long list takes longer than to find that it names no command.
  if (nameOf(invoker.env) === "codex auth" || !text.includes("codex auth ")) return text;
  return jsonText(documentAsInvoked(invoker, document));
}

/** Fields with sentences of ours. All others may hold names of a person, which stay as they are. */
const prose = new Set(
  "hint fix message reason stateReason undo lines next usage explanation cause description".split(" "),
);

/** The same in a document: what a script shows to a person is what stderr says. */
function documentAsInvoked(invoker: Invoker, document: object): object {
  // Its message is the headline, which is a contract to the letter.
  const isKept = (key: string, owner: object) => key === "message" && owner === errorOf(document);
  const walk = (value: unknown, isProse: boolean): unknown => {
    if (typeof value === "string") return isProse ? asInvoked(invoker, value) : value;
    if (Array.isArray(value)) return value.map((each) => walk(each, isProse));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, child]) => [key, walk(child, prose.has(key) && !isKept(key, value))]),
    );
  };
  return walk(document, false) as object;
}

function errorOf(document: object): unknown {
  return "error" in document ? document.error : null;
}
