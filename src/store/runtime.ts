/** What this program runs on, for a report of trouble. */
export function runtimeFacts(): { nodeVersion: string; platform: string } {
  return { nodeVersion: process.version, platform: `${process.platform}-${process.arch}` };
}
