import type { Argument, Command, Option } from "commander";
import type { OfferedBehind } from "./command.ts";

/** What may be typed behind a command, as TAB needs to know it: plain data, so that the build can write it down. */
export interface CommandWords {
  readonly options: readonly OptionWords[];
  readonly operands: readonly OperandWords[];
}

interface OptionWords {
  readonly names: readonly string[];
  readonly description: string;
  /** A synonym of former days, which is understood and not offered. */
  readonly isHidden?: true;
  /** Behind which words it means something, as `key create`; absent where it always does. */
  readonly scopes?: readonly string[];
  /** Null for one that takes none. */
  readonly value: OperandWords | null;
}

interface OperandWords {
  readonly name: string;
  readonly isVariadic: boolean;
  readonly choices?: readonly string[];
  readonly behind?: OfferedBehind;
}

export function wordsOf({ options, registeredArguments }: Command): CommandWords {
  const operands = registeredArguments.map((each) => operand(each.name(), each));
  const actions = operands[0]?.choices ?? [];
  return {
    options: options.map((option) => ({
      ...(option.hidden ? { isHidden: true as const } : {}),
      ...scopesOf(option.description, actions),
      // The long one first, which is the one to offer.
      names: [option.long, option.short].filter((name) => name !== undefined),
      description: option.description,
      value: option.required ? operand(/<([^>.]+)/.exec(option.flags)?.[1] ?? "", option) : null,
    })),
    operands,
  };
}

/** A description says whose option it is: `start: …`, `key create/edit: …`, `stop: …; key revoke: …`. */
function scopesOf(description: string, actions: readonly string[]): { scopes?: readonly string[] } {
  const scopes = description.split("; ").flatMap((part) => {
    const [, action = "", words = ""] = /^([a-z]+)(?: ([a-z/]+))?: /.exec(part) ?? [];
    if (!actions.includes(action)) return [];
    return words === "" ? [action] : words.split("/").map((word) => `${action} ${word}`);
  });
  return scopes.length === 0 ? {} : { scopes };
}

function operand(
  name: string,
  part: (Argument | Option) & {
    readonly offered?: readonly string[];
    readonly offeredBehind?: OfferedBehind;
  },
): OperandWords {
  const choices = part.offered ?? part.argChoices;
  const behind = part.offeredBehind;
  return {
    name,
    isVariadic: part.variadic,
    ...(choices ? { choices } : {}),
    ...(behind ? { behind } : {}),
  };
}
