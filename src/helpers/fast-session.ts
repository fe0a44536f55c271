import { field, textField } from "../errors/json-value.ts";
import type { LoweredOptions } from "./reasoning-options.ts";
import type { InputItem } from "./request-body.ts";

export type FastSessionStrategy = "hybrid" | "always";

const lowered: LoweredOptions = { effort: "low", verbosity: "low" };
const leadingRoles: ReadonlySet<unknown> = new Set(["system", "developer"]);
const shortTextLength = 400;

/** What a fast session lowers: always, or with `hybrid` only when the last user message is short and plain. */
export function fastOptions(
  items: readonly InputItem[],
  strategy: FastSessionStrategy,
): LoweredOptions | undefined {
  return strategy === "always" || isShortQuestion(items) ? lowered : undefined;
}

/** The leading instructions and the last `most` of the other items. */
export function lastItems(items: readonly InputItem[], most: number): InputItem[] {
  const start = items.findIndex((item) => !leadingRoles.has(field(item, "role")));
  const head = start < 0 ? items : items.slice(0, start);
  const rest = items.slice(head.length);
  return [...head, ...rest.slice(Math.max(0, rest.length - most))];
}

function isShortQuestion(items: readonly InputItem[]): boolean {
  const last = items.at(-1);
  if (field(last, "role") !== "user") return false;
  const text = textOf(field(last, "content"));
  return text.length <= shortTextLength && !text.includes("```");
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => textField(part, "text") ?? "").join("\n");
}
