import { field, isRecord } from "../text/json.ts";

type Checks = Readonly<Record<string, (value: unknown) => boolean>>;

/** The fields that do not pass their check. An absent field passes only a check made with `optional`. */
function wrongFields(params: object, checks: Checks): string[] {
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

/** How one helper may be called: by position, or with one object of the same names. */
export interface CallForm<P extends object> {
  readonly helper: string;
  /** The names, in the order of the positions. */
  readonly names: readonly string[];
  /** What a wrong call is told: "`helper` requires `requires`". */
  readonly requires: string;
  /** Of every name; one without a check takes anything. */
  readonly checks: { readonly [Name in keyof Required<P>]: (value: unknown) => boolean };
}

/**
 * Brings both call forms to one object. The object form is exactly one argument that is a plain object; no
 * positional form of a helper is complete with just that. Throws TypeError for unknown names, too many positions,
 * and arguments that their check refuses; what is wrong is named where `requires` does not.
 */
export function namedCall<P extends object>(form: CallForm<P>, args: readonly unknown[]): P {
  const params = collect(form, args);
  if (params === undefined) throw wrongCall(form);
  const wrong = wrongFields(params, form.checks);
  const isTold = wrong.some((name) => new RegExp(`\\b${name}\\b`).test(form.requires));
  if (wrong.length > 0)
    throw wrongCall(isTold ? form : { helper: form.helper, requires: `a valid ${wrong.join(" and ")}` });
  return params as P;
}

/** The error of a call that fits neither form. */
export function wrongCall({ helper, requires }: Pick<CallForm<object>, "helper" | "requires">): TypeError {
  return new TypeError(`${helper} requires ${requires}`);
}

function collect({ names }: { names: readonly string[] }, args: readonly unknown[]): object | undefined {
  const given = withoutTrailingGaps(args);
  const [only] = given;
  const pairs = given.length === 1 && isPlainObject(only) ? Object.entries(only) : named(names, given);
  if (!pairs?.every(([name]) => names.includes(name))) return undefined;
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

function named(names: readonly string[], given: readonly unknown[]): [string, unknown][] | undefined {
  return given.length > names.length ? undefined : given.map((value, at) => [names[at] ?? "", value]);
}

function withoutTrailingGaps(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((each) => each !== undefined) + 1);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
