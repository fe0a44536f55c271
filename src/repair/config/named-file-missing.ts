import { configString } from "../../codex/config-tree.ts";
import { presenceOf, resolveNamed } from "../../store/named-file.ts";
import { userHome } from "../../store/paths.ts";
import { configCheck } from "../check.ts";
import { placeOf, takeOut } from "./config-text.ts";

/** Files that Codex reads at its start. */
const keys = ["model_instructions_file", "model_catalog_json", "experimental_compact_prompt_file"];

export const namedFileMissing = configCheck({
  id: "named_file_missing",
  area: "config",
  severity: "error",
  title: "config.toml names a file that is not there",
  look: (tree, scene) =>
    keys.flatMap((key) => {
      const written = configString(tree, [key]);
      if (written === undefined) return [];
      const path = resolveNamed(written, scene.paths.codexHome, userHome(scene.fx.env));
      const presence = presenceOf(scene.fx.fs, path);
      if (presence !== "missing" && presence !== "folder") return [];
      const what = presence === "missing" ? "does not exist" : "is a folder";
      return [
        {
          message: `Codex does not start: ${key} names ${path}, which ${what}.`,
          evidence: placeOf(scene, [key]),
          fix: takeOut(scene, [key]),
        },
      ];
    }),
});
