import { type Content, findContent } from "./command.ts";
import { completionWord, isBare, isVersion, readInvocation, strayWord, topicOf } from "./invocation.ts";

/**
 * What answers a command line: `version` a number, `general` the help or a refusal,
 * `complete` what TAB offers, `daily` the small program, `whole`
 * the one with everything. `command` is the one that a small program runs, and what its compiled code is kept for.
 */
export type Choice =
  | { kind: "version" | "general" | "complete" | "whole" }
  | { kind: "daily"; command: string };

interface Tables {
  contents: readonly Content[];
  dailyNames: readonly string[];
  /** Words that are no commands for people. */
  hidden: readonly string[];
  /** Whether a person reads the answer. */
  isTerminal?: () => boolean;
}

export function chooseProgram(
  argv: readonly string[],
  { contents, dailyNames, hidden, isTerminal }: Tables,
): Choice {
  const invocation = readInvocation(argv);
  const { name, isJson } = invocation;
  if (strayWord(invocation) !== null) return { kind: "general" };
  if (isVersion(invocation)) return { kind: isJson ? "general" : "version" };
  if (name !== null && hidden.includes(name)) return { kind: "whole" };
  if (isBare(invocation) && isTerminal?.()) return { kind: "daily", command: "overview" };
  const topic = topicOf(invocation);
  const content = findContent(contents, topic);
  const isDaily = content !== undefined && dailyNames.includes(content.name);
  if (name === completionWord) return { kind: isJson ? "whole" : "complete" };
  if (!content) return { kind: "general" };
  return isDaily ? { kind: "daily", command: content.name } : { kind: "whole" };
}
