import { safeText } from "./safe-text.ts";

/** Text from outside, fit for an element or a quoted attribute of a page. */
export function htmlText(text: string): string {
  return safeText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
