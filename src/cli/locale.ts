import type { Context } from "./context.ts";

/** Whether text beyond ASCII arrives: the locale is UTF-8, or it is Windows Terminal. */
export function isUnicodeLocale(env: Context["env"]): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return /utf-?8/i.test(locale) || env["WT_SESSION"] !== undefined;
}
