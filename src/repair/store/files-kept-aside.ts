import { keptAside, parkedStrangers } from "../../store/leftovers.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

/** They may hold a token, so nothing but a person removes them. */
export const filesKeptAside: Check = {
  id: "files_kept_aside",
  area: "store",
  severity: "info",
  title: "damaged files, or logins that the pool does not have, are kept aside",
  look: (scene) => [...damaged(scene), ...strangers(scene)],
};

function damaged({ fx, paths, live }: Scene): Sighting[] {
  const evidence = keptAside(fx.fs, paths, live?.target ?? paths.authFile);
  if (evidence.length === 0) return [];
  const message = "Files were kept aside that could not be used. Look at them, then delete them.";
  return [{ message, evidence, fix: `ls -l ${evidence.map(shellWord).join(" ")}` }];
}

function strangers({ fx, paths, snapshot }: Scene): Sighting[] {
  if (!snapshot) return [];
  const ids = new Set(snapshot.pool.accounts.map(({ id }) => id));
  const evidence = parkedStrangers(fx.fs, paths, ids);
  if (evidence.length === 0) return [];
  const message = "Logins of accounts that the pool does not have are parked; their tokens may be used up.";
  return [{ message, evidence, fix: `codex auth import ${shellWord(paths.parkedDir)}` }];
}
