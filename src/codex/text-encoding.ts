/** The text in some bytes, and whether they are UTF-16, as Windows PowerShell writes what `>` redirects. */
export function decodedText(bytes: Uint8Array): { text: string; isUtf16: boolean } {
  const encoding = utf16Of(bytes);
  return { text: new TextDecoder(encoding ?? "utf-8").decode(bytes), isUtf16: encoding !== null };
}

/** By its mark or, without one, by the zero beside the brace that every JSON object begins with. */
function utf16Of([first, second]: Uint8Array): "utf-16le" | "utf-16be" | null {
  const brace = 0x7b;
  if ((first === 0xff && second === 0xfe) || (first === brace && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === brace)) return "utf-16be";
  return null;
}
