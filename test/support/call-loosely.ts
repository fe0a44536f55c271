/** Calls as a JavaScript caller can: with any arguments at all. */
export function callLoosely(called: (...args: never[]) => unknown, args: readonly unknown[]): unknown {
  return Reflect.apply(called, undefined, args);
}
