import { configString } from "../../codex/config-tree.ts";
import { modelsInCache } from "../../codex/models-cache.ts";
import { chosenProvider } from "../../codex/providers.ts";
import { readTextIfReadable } from "../../store/files.ts";
import { configCheck } from "../check.ts";
import { placeOf, takeOut } from "./config-text.ts";

/** The server decides; the list that Codex fetched last is only a hint. */
export const modelUnknown = configCheck({
  id: "model_unknown",
  area: "config",
  severity: "warning",
  title: "model is none that Codex was offered",
  look: (tree, scene) => {
    const model = configString(tree, ["model"]);
    if (!model || chosenProvider(tree) !== "openai") return [];
    const text = readTextIfReadable(scene.fx.fs, `${scene.paths.codexHome}/models_cache.json`) ?? "";
    // The list may be long, and nearly always the model is in it.
    if (text === "" || text.includes(JSON.stringify(model))) return [];
    const offered = modelsInCache(text);
    if (offered.length === 0) return [];
    return [
      {
        message: `${JSON.stringify(model)} is not in the list of models that Codex fetched last. Codex starts all the same, with guessed limits, and OpenAI may refuse every request. Without the key Codex takes its own default.`,
        evidence: [...placeOf(scene, ["model"]), `offered: ${offered.slice(0, 12).join(", ")}`],
        fix: takeOut(scene, ["model"]),
      },
    ];
  },
});
