import { isEmptyFolder, shapeOf } from "../../store/file-shape.ts";
import { placeProblem } from "../../store/place-problems.ts";
import type { Check } from "../check.ts";
import { moveAside } from "../move-aside.ts";
import { placeSighting } from "../place-sighting.ts";
import { shellWord } from "../shell-word.ts";

/** Codex waits for ever on a pipe, and finds no login in the others. */
export const authFileNotRegular: Check = {
  id: "auth_file_not_regular",
  area: "credentials",
  severity: "error",
  title: "auth.json is a folder, a pipe or another thing that is no file, or far too large",
  look: (scene) => {
    const { fx, paths } = scene;
    const { fs } = fx;
    const { authFile } = paths;
    const place = {
      path: authFile,
      kind: "file",
      need: "read",
      effect: "no command can read the login",
    } as const;
    const problem = placeProblem(fs, place);
    if (problem?.code === "EFBIG") return [placeSighting(scene, problem)];
    const shape = shapeOf(fs, authFile);
    if (!["folder", "pipe", "device", "socket"].includes(shape)) return [];
    const message = `${authFile} is a ${shape} and no file, so Codex cannot log in.`;
    if (isEmptyFolder(fs, authFile))
      return [{ message, evidence: ["it is empty"], fix: `rmdir ${shellWord(authFile)}` }];
    return [{ message, fix: moveAside(fs, authFile) }];
  },
};
