import { shapeOf } from "../../store/file-shape.ts";
import { isForeign } from "../../store/file-owner.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

export const authFileForbidden: Check = {
  id: "auth_file_forbidden",
  area: "credentials",
  severity: "error",
  title: "auth.json may not be read",
  look: ({ fx: { fs }, paths }) => {
    const { authFile } = paths;
    if (shapeOf(fs, authFile) !== "forbidden") return [];
    // A file of another user has a check of its own.
    if (isForeign(fs, paths, authFile)) return [];
    const message = `${authFile} may not be read by you, so neither may Codex.`;
    return [{ message, fix: `chmod 600 ${shellWord(authFile)}` }];
  },
};
