let isThere = false;

/**
 * zod, with which requests are checked, takes as much memory as the rest of the gateway: it is loaded when somebody asks
 * for what it checks. First by itself, because npm takes the files of a package away for a moment when it brings a newer
 * one, and a part of the bundle that could not be loaded once never can be again.
 */
export async function loadChecks(): Promise<void> {
  if (!isThere) await import("zod");
  isThere = true;
}
