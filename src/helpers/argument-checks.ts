import { field, isRecord } from "../errors/json-value.ts";

export type Checks = Readonly<Record<string, (value: unknown) => boolean>>;

/** The fields that do not pass their check. An absent field passes only a check made with `optional`. */
export function wrongFields(params: object, checks: Checks): string[] {
  return Object.keys(checks).filter((name) => !checks[name]?.(field(params, name)));
}

export function fieldsPass(params: object, checks: Checks): boolean {
  return wrongFields(params, checks).length === 0;
}

export function optional(check: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || check(value);
}

/** Text with something in it. */
export function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

export function isNumber(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

export function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Text that can stand in a header: not empty, no control characters. */
export function isHeaderText(value: unknown): boolean {
  return typeof value === "string" && /^[\x20-\x7e\u00a0-\u00ff]+$/.test(value);
}

export function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

export function isCallable(value: unknown): boolean {
  return typeof value === "function";
}

/** A finite number that is not negative. */
export function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

export function isPositiveInteger(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

export function isIndex(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** An object that has the methods; its class does not matter. */
export function hasMethods(...names: string[]): (value: unknown) => boolean {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === "function");
}

export { isRecord };
