import { layerOf, mergedTree } from "../codex/config-layers.ts";
import { loginSettings, type LoginSettings } from "../codex/config-toml.ts";
import { layersOf, type LayerFile } from "./config-layers.ts";

const named = ["forced_login_method", "forced_chatgpt_workspace_id", "cli_auth_credentials_store"];

/** What all layers say about logins, with the file of each key that stands elsewhere than in the user's own. */
export function settingsOf(files: readonly LayerFile[], configFile: string): LoginSettings {
  const layers = layersOf(files);
  const found = named.flatMap((key) => {
    const file = layerOf(layers, [key])?.file;
    return file === undefined || file === configFile ? [] : [[key, file]];
  });
  return loginSettings(mergedTree(layers), Object.fromEntries(found));
}
