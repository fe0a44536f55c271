// C0 and C1 controls, zero-width characters, line and paragraph separators, bidi marks and overrides, byte order mark.
const dangerous = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

/**
 * Text that came from a token, a file or a server, fit for a terminal: what could move the cursor, hide text or turn
 * its direction is shown as an escape.
 */
export function safeText(text: string): string {
  return text.replace(
    dangerous,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
