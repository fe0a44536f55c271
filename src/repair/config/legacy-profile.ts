import { formatPath } from "../../codex/config-toml.ts";
import { configString, configValue, isTable, type ConfigTree } from "../../codex/config-tree.ts";
import { configCheck, type Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { placeOf, takeOut } from "./config-text.ts";

/** Not mended: without its profile Codex might be allowed more than with it. */
export const legacyProfile = configCheck({
  id: "legacy_profile",
  area: "config",
  severity: "error",
  title: "config.toml has profiles of the old kind",
  look: (tree, scene) => {
    const profile = configString(tree, ["profile"]);
    return profile === undefined ? unusedTables(tree, scene) : [selector(profile, scene)];
  },
});

function selector(profile: string, scene: Scene): Sighting {
  const name = JSON.stringify(profile);
  return {
    message: `Codex does not start: profile = ${name} is no longer supported. Move what [${formatPath(["profiles", profile])}] says into ${profile}.config.toml beside config.toml, and start with: codex -p ${profile}`,
    evidence: placeOf(scene, ["profile"]),
    fix: takeOut(scene, ["profile"]),
  };
}

function unusedTables(tree: ConfigTree, scene: Scene): Sighting[] {
  const profiles = configValue(tree, ["profiles"]);
  const names = isTable(profiles) ? Object.keys(profiles) : [];
  if (names.length === 0) return [];
  const tables = names.map((name) => `[${formatPath(["profiles", name])}]`).join(", ");
  return [
    {
      message: `Codex ignores ${tables}, and refuses to start with -p of that name. Profiles are files now: move each table into NAME.config.toml.`,
      evidence: names.flatMap((name) => placeOf(scene, ["profiles", name])),
      fix: null,
      severity: "info",
    },
  ];
}
