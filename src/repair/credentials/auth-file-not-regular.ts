import { isEmptyFolder, shapeOf } from "../../store/file-shape.ts";
import type { Check } from "../check.ts";
import { moveAside } from "../move-aside.ts";
import { shellWord } from "../shell-word.ts";

/** Codex waits for ever on a pipe, and finds no login in the others. */
export const authFileNotRegular: Check = {
  id: "auth_file_not_regular",
  area: "credentials",
  severity: "error",
  title: "auth.json is a folder, a pipe or another thing that is no file",
  look: ({ fx: { fs }, paths: { authFile } }) => {
    const shape = shapeOf(fs, authFile);
    if (!["folder", "pipe", "device", "socket"].includes(shape)) return [];
    const message = `${authFile} is a ${shape} and no file, so Codex cannot log in.`;
    if (isEmptyFolder(fs, authFile))
      return [{ message, evidence: ["it is empty"], fix: `rmdir ${shellWord(authFile)}` }];
    return [{ message, fix: moveAside(fs, authFile) }];
  },
};
