import { wrongFields } from "./argument-checks.ts";

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
