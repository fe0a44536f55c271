/** Where we stand, also when that folder is gone: a proxy outlives it, and so do the renewals that it starts there. */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return process.env["PWD"] || "/";
  }
}
