import { folderMount, isMountPoint, mountedError } from "../../store/mounts.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";

/** As `docker run -v …/auth.json:…` does. Codex spends the token and then fails with "Resource busy (os error 16)". */
export const fileMounted: Check = {
  id: "file_mounted",
  area: "credentials",
  severity: "error",
  title: "auth.json, the pool or config.toml is mounted by itself, so that nothing can replace it",
  look: (scene) => placesOf(scene).flatMap(({ path, ...more }) => sighting(scene, path, more)),
};

function placesOf({ paths, live }: Scene): (Pick<Sighting, "severity"> & { path: string })[] {
  return [
    { path: live?.target ?? paths.authFile },
    { path: paths.poolFile },
    // No token is in it: Codex only keeps no settings.
    { path: paths.configFile, severity: "warning" },
  ];
}

function sighting({ fx: { fs } }: Scene, path: string, more: Pick<Sighting, "severity">): Sighting[] {
  if (!isMountPoint(fs, path)) return [];
  const isConfig = more.severity !== undefined;
  const message = isConfig
    ? `${path} is mounted by itself, as one file: neither Codex nor codex-auth can change a setting in it. Mount its folder.`
    : `${mountedError(path).message} Mount its folder instead of the file.`;
  return [{ ...more, message, fix: folderMount(path) }];
}
