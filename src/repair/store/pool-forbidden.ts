import { shapeOf } from "../../store/file-shape.ts";
import { isForeign } from "../../store/file-owner.ts";
import type { Check } from "../check.ts";
import { moveAside } from "../move-aside.ts";
import { shellWord } from "../shell-word.ts";

export const poolForbidden: Check = {
  id: "pool_forbidden",
  area: "store",
  severity: "error",
  title: "pool.json may not be read, or is no file",
  look: ({ fx: { fs }, paths }) => {
    const { poolFile } = paths;
    const shape = shapeOf(fs, poolFile);
    if (shape === "file" || shape === "missing") return [];
    if (shape !== "forbidden") {
      const message = `${poolFile} is no file but: ${shape}. No account can be read.`;
      return [{ message, fix: moveAside(fs, poolFile) }];
    }
    // A file of another user has a check of its own.
    if (isForeign(fs, paths, poolFile)) return [];
    return [{ message: `${poolFile} may not be read by you.`, fix: `chmod 600 ${shellWord(poolFile)}` }];
  },
};
