import type { Looked } from "./check.ts";
import type { Scene } from "./scene.ts";

/** Whether a finding says that Codex cannot start here at all. */
export function claimsNoStart(message: string): boolean {
  return /^Codex does not start(?: in this folder)?:/.test(message);
}

/** Without what the installed Codex contradicts: it is asked only where something is claimed. */
export async function withoutRefuted(scene: Scene, looked: Looked): Promise<Looked> {
  if ("skipped" in looked || !looked.some(({ message }) => claimsNoStart(message))) return looked;
  const { kind } = await scene.startup();
  return kind === "loads" ? looked.filter(({ message }) => !claimsNoStart(message)) : looked;
}
