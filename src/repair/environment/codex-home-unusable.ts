import type { Check } from "../check.ts";
import { placeSighting } from "../place-sighting.ts";

/** One that does not exist, or that is a file, has a check of its own. */
export const codexHomeUnusable: Check = {
  id: "codex_home_unusable",
  area: "environment",
  severity: "error",
  title: "the folder of Codex may not be entered, or its link leads nowhere",
  look: (scene) => (scene.homeProblem === null ? [] : [placeSighting(scene, scene.homeProblem)]),
};
