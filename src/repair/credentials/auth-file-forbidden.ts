import { isForeign } from "../../store/file-owner.ts";
import { placeProblem } from "../../store/place-problems.ts";
import type { Check } from "../check.ts";
import { placeSighting } from "../place-sighting.ts";

export const authFileForbidden: Check = {
  id: "auth_file_forbidden",
  area: "credentials",
  severity: "error",
  title: "auth.json may not be read",
  look: (scene) => {
    const { fx, paths } = scene;
    const { authFile: path } = paths;
    const effect = "neither Codex nor codex-auth has its login";
    const problem = placeProblem(fx.fs, { path, kind: "file", need: "read", effect });
    // A file of another user has a check of its own.
    if (problem?.code !== "EACCES" || isForeign(fx.fs, paths, path)) return [];
    return [placeSighting(scene, problem)];
  },
};
