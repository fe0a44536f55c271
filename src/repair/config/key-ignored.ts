import { ignoredKeys, type IgnoredKey } from "../../codex/config-keys.ts";
import { formatPath } from "../../codex/config-toml.ts";
import { configCheck } from "../check.ts";
import type { Scene } from "../scene.ts";
import { placeOf, takeOut } from "./config-text.ts";

/** Codex tells all keys that it does not know; here are those that were certainly meant to do something. */
export const keyIgnored = configCheck({
  id: "key_ignored",
  area: "config",
  severity: "warning",
  title: "config.toml has a key that Codex passes over",
  look: (tree, scene) =>
    ignoredKeys(Object.keys(tree)).map((ignored) => ({
      message: messageOf(ignored),
      evidence: placeOf(scene, [ignored.key]),
      fix: fixOf(scene, ignored),
      severity: ignored.isRetired ? ("info" as const) : ("warning" as const),
    })),
});

function messageOf({ key, instead, isRetired }: IgnoredKey): string {
  const name = formatPath([key]);
  if (!isRetired) return `Codex ignores ${name}, so what it says does not apply. Was ${instead} meant?`;
  const successor = instead === null ? "" : ` It is called ${instead} now.`;
  return `Codex ignores ${name}, a key of older versions.${successor}`;
}

function fixOf(scene: Scene, { key, instead, isRetired }: IgnoredKey): string | null {
  const takeAway = takeOut(scene, [key]);
  if (isRetired || instead === null || !/^[\w-]+$/.test(key)) return takeAway;
  return takeAway?.replace("s/^/# /", `s/${key}/${instead}/`) ?? null;
}
