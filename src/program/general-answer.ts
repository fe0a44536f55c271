import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { editDistance } from "../text/words.ts";
import { type Content, findContent } from "./command.ts";
import {
  asInvoked,
  documentText,
  type Invocation,
  isVersion,
  readInvocation,
  strayWord,
  topicOf,
} from "./invocation.ts";
import { paintedFor, refuse, type Teller } from "./refuse.ts";

/** An answer of the program itself, with no command in it. */
interface GeneralAnswer {
  document: object;
  text: string;
}

/** The version, the help of the whole; null where a command is to answer. Throws where there is no such command. */
export function generalAnswer(contents: readonly Content[], invocation: Invocation): GeneralAnswer | null {
  const stray = strayWord(invocation);
  if (stray !== null) throw strayWordError(stray);
  if (isVersion(invocation))
    return plainAnswer("version", { version: CODEX_AUTH_VERSION }, `${CODEX_AUTH_VERSION}\n`);
  const topic = topicOf(invocation);
  if (topic === null && (invocation.name === null || invocation.name === "help")) {
    const usage = usageText(contents);
    return plainAnswer("help", { usage }, usage);
  }
  return null;
}

export function plainAnswer(command: string, fields: object, text: string): GeneralAnswer {
  return { document: { command, schemaVersion: 1, ok: true, ...fields }, text };
}

function strayWordError(word: string): CodexAuthError {
  const message = word.startsWith("-") ? `Unknown option: ${word}` : `Too many arguments: ${word}`;
  return new CodexAuthError("usage", message, { hint: "All commands: codex auth --help" });
}

/** Three lines: what is unknown, what is meant perhaps, and where all commands stand. */
export function unknownCommand(contents: readonly Content[], word: string): CodexAuthError {
  const isOption = word.startsWith("-");
  const message = isOption ? `Unknown option: ${word}` : `Unknown command: ${word}`;
  const near = isOption ? [] : nearestCommands(contents, word);
  const usage = "Usage: codex auth <command> [options]. All commands: codex auth --help";
  const hint = near.length === 0 ? usage : `Did you mean: ${near.join(" or ")}?\n${usage}`;
  return new CodexAuthError("usage", message, { hint, ...(near.length === 0 ? {} : { candidates: near }) });
}

/** What people call our commands, who know other programs. */
const otherWords: Readonly<Record<string, string>> = {
  add: "login",
  new: "login",
  signin: "login",
  "sign-in": "login",
  usage: "list",
  quota: "list",
  limits: "list",
  accounts: "list",
  logout: "remove",
  delete: "remove",
  rename: "label",
  select: "switch",
  next: "switch --auto",
  dashboard: "watch",
  top: "watch",
};

/** What begins so, else what is spelled nearly so. */
function nearestCommands(contents: readonly Content[], word: string): readonly string[] {
  const wanted = word.toLowerCase();
  const other = Object.hasOwn(otherWords, wanted) ? otherWords[wanted] : undefined;
  if (other !== undefined) return [other];
  const names = contents.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  if (wanted.length < 2) return [];
  const begun = names.filter((name) => name.startsWith(wanted));
  if (begun.length > 0) return begun;
  const [first] = names
    .map((name) => ({ name, distance: editDistance(name, wanted) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return first ? [first.name] : [];
}

/** Answers a command line in which no command is named, or none that there is. Returns the exit code. */
export async function answerInGeneral(
  ctx: Teller,
  contents: readonly Content[],
  argv: readonly string[],
): Promise<number> {
  const invocation = readInvocation(argv);
  const output = paintedFor(ctx, invocation);
  try {
    const answer = generalAnswer(contents, invocation);
    const topic = topicOf(invocation) ?? "";
    if (!answer)
      throw findContent(contents, topic)
        ? new Error(`${topic} is a command`)
        : unknownCommand(contents, topic);
    const { document, text } = answer;
    output.stdout.write(invocation.isJson ? documentText(ctx, document) : asInvoked(ctx, text));
    return 0;
  } catch (error) {
    return await refuse(output, contents, invocation, error);
  }
}

/** The help of the whole program. */
function usageText(table: readonly Content[]): string {
  const rows = table.map(({ name, aliases = [], summary }) => ({
    head: [name, ...aliases].join(", "),
    summary,
  }));
  const width = Math.max(...rows.map(({ head }) => head.length));
  return [
    "Usage: codex auth <command> [options]",
    "",
    "Keeps several Codex logins, always uses the right one, never loses a token.",
    "",
    "Commands:",
    ...rows.map(({ head, summary }) => `  ${head.padEnd(width)}  ${summary}`),
    "",
    "Every command takes:",
    "  --json      print one JSON document",
    "  --no-color  print without colour",
    "  -h, --help  show its help",
    "",
    "An <account> is a row of `codex auth list`, a label or e-mail (or a unique part), an id (or its start), or - for the previously active account.",
    "",
  ].join("\n");
}
