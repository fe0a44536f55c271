import { isForeign } from "../../store/file-owner.ts";
import { placeProblem } from "../../store/place-problems.ts";
import type { Check } from "../check.ts";
import { placeSighting } from "../place-sighting.ts";

export const poolForbidden: Check = {
  id: "pool_forbidden",
  area: "store",
  severity: "error",
  title: "pool.json may not be read, or is no file",
  look: (scene) => {
    const { fx, paths } = scene;
    const { poolFile: path } = paths;
    const problem = placeProblem(fx.fs, {
      path,
      kind: "file",
      need: "read",
      effect: "no account can be used",
    });
    // A folder that cannot be entered, and a file of another user, have checks of their own.
    if (!problem || problem.culprit !== path) return [];
    if (problem.code === "EACCES" && isForeign(fx.fs, paths, path)) return [];
    return [placeSighting(scene, problem)];
  },
};
