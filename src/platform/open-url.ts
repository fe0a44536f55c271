/** Opens an address in the browser of the person; resolves when a program for that was started. */
export async function openInBrowser(url: string): Promise<void> {
  const { default: open } = await import("open");
  const child = await open(url);
  // Its later end is of no interest, but must not end us.
  child.on("error", () => undefined);
}
