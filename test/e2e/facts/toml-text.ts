/** A value that TOML spells in a way that JSON does not have. */
export class Spelled {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Toml = string | number | boolean | Spelled | readonly Toml[] | { readonly [key: string]: Toml };

/** A line for each key, everything below it inline. */
export function tomlText(root: { readonly [key: string]: Toml }): string {
  return Object.entries(root)
    .map(([key, value]) => `${keyText(key)} = ${valueText(value)}\n`)
    .join("");
}

function valueText(value: Toml): string {
  if (value instanceof Spelled) return value.text;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, each]) => `${keyText(key)} = ${valueText(each)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}
