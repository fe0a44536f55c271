import { countingTree, keysNotForProjects } from "../../codex/config-layers.ts";
import { configFaults } from "../../codex/config-faults.ts";
import { linesOfKey } from "../../codex/config-lines.ts";
import { formatPath } from "../../codex/config-toml.ts";
import { providerWithoutLogin } from "../../codex/provider-login.ts";
import { layersOf, type LayerFile } from "../../store/config-layers.ts";
import type { Check, Sighting } from "../check.ts";
import { withoutSecret } from "./config-text.ts";

/** A file of a project, of the system or of a manager. */
export const otherConfigBroken: Check = {
  id: "other_config_broken",
  area: "config",
  severity: "error",
  title: "a configuration file beside config.toml stops Codex",
  look: ({ config }) => config.others.flatMap(stopping),
};

function stopping(layer: LayerFile): Sighting[] {
  const consequence =
    layer.kind === "project" ? "Codex does not start in this folder" : "Codex does not start";
  if (layer.problem !== null)
    return [{ message: `${consequence}: ${withoutSecret(layer.problem)}.`, fix: null }];
  return layersOf([layer])
    .flatMap((each) => configFaults(countingTree(each)))
    .map(({ path, found, expected }) => ({
      message: `${consequence}: in ${layer.file}, ${formatPath(path)} ${found}, where ${expected} belongs.`,
      evidence: placeIn(layer, path),
      fix: null,
    }));
}

export const projectKeyIgnored: Check = {
  id: "project_key_ignored",
  area: "config",
  severity: "warning",
  title: "a project sets what only the user may set",
  look: ({ config }) =>
    config.others.flatMap((layer) =>
      layersOf([layer])
        .flatMap(keysNotForProjects)
        .map((key) => ({
          message: `Codex passes over ${key} in ${layer.file}: a project may not set it.`,
          evidence: placeIn(layer, [key]),
          fix: null,
        })),
    ),
};

function placeIn({ file, text }: LayerFile, path: readonly string[]): string[] {
  const lines = linesOfKey(text, path);
  return lines ? [`${file}:${lines.first}`] : [];
}

export const providerWithoutOurLogin: Check = {
  id: "provider_without_login",
  area: "config",
  severity: "info",
  title: "the chosen provider gets no login of auth.json",
  look: ({ config: { merged } }) => {
    const provider = merged && providerWithoutLogin(merged);
    if (!provider) return [];
    const { id, instead } = provider;
    const message = `model_provider is ${JSON.stringify(id)}, so requests of Codex carry no login of auth.json: ${instead}. Which account is active makes no difference to them.`;
    return [{ message, fix: null }];
  },
};
