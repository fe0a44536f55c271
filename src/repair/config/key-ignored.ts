import { ignoredKeys, type IgnoredKey } from "../../codex/config-keys.ts";
import { formatPath } from "../../codex/config-toml.ts";
import { configCheck, type Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import type { PassedOver } from "../startup.ts";
import { commentOut, configTarget, placeOf, takeOut } from "./config-text.ts";

/** The installed Codex tells all keys that it does not know; without one, here are those that were certainly meant. */
export const keyIgnored = configCheck({
  id: "key_ignored",
  area: "config",
  severity: "warning",
  title: "config.toml has a key that Codex passes over",
  look: async (tree, scene) => {
    const known = ignoredKeys(tree);
    const told = (await scene.passedOver()) ?? [];
    const names = new Set(known.map(({ path }) => path.join(".")));
    return [
      ...known.map((ignored) => sightingOf(scene, ignored)),
      ...told.filter(({ key }) => !names.has(key)).map((each) => toldSighting(scene, each)),
    ];
  },
});

function sightingOf(scene: Scene, ignored: IgnoredKey): Sighting {
  return {
    message: messageOf(ignored),
    evidence: placeOf(scene, ignored.path),
    fix: fixOf(scene, ignored),
    severity: ignored.isRetired ? "info" : "warning",
  };
}

/** Nothing is known of what it was meant for. */
function toldSighting(scene: Scene, { key, file, line }: PassedOver): Sighting {
  const isOwn = file === scene.paths.configFile;
  return {
    message: `Codex ignores ${key}, so what it says does not apply.`,
    evidence: [`${file}:${line}`],
    fix: isOwn ? commentOut(scene.fx.fs, configTarget(scene), { first: line, last: line }) : null,
  };
}

function messageOf({ path, instead, belongs, isRetired }: IgnoredKey): string {
  const name = formatPath(path);
  if (isRetired) {
    const successor = instead === null ? "" : ` It is called ${instead} now.`;
    return `Codex ignores ${name}, a key of older versions.${successor}`;
  }
  const meant = instead === null ? "" : ` Was ${instead} meant?`;
  const place = belongs === null ? "" : ` It belongs ${belongs}.`;
  return `Codex ignores ${name}, so what it says does not apply.${meant}${place}`;
}

function fixOf(scene: Scene, { path, instead, isRetired }: IgnoredKey): string | null {
  const takeAway = takeOut(scene, path);
  const key = path.at(-1) ?? "";
  if (isRetired || instead === null || !/^[\w-]+$/.test(key)) return takeAway;
  return takeAway?.replace("s/^/# /", `s/${key}/${instead}/`) ?? null;
}
