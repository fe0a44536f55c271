import { formatPath } from "../../codex/config-toml.ts";
import { linesOfTable } from "../../codex/config-lines.ts";
import { configString, configValue, isTable } from "../../codex/config-tree.ts";
import {
  chosenProvider,
  definedProviders,
  isKnownProvider,
  reservedProviders,
} from "../../codex/providers.ts";
import { configCheck } from "../check.ts";
import { commentOut, configTarget, editCheck, placeOf, takeOut } from "./config-text.ts";

export const providerReserved = configCheck({
  id: "provider_reserved",
  area: "config",
  severity: "error",
  title: "config.toml defines a provider that Codex has built in",
  look: (tree, scene) => {
    const reserved = definedProviders(tree).filter((id) => reservedProviders.some((each) => each === id));
    return reserved.map((id) => {
      const path = ["model_providers", id];
      const lines = linesOfTable(scene.config.text ?? "", path);
      return {
        message: `Codex does not start: "${id}" is a provider of its own, and [${formatPath(path)}] may not change it. Give the table another name, or leave it out${id === "openai" ? " and set openai_base_url" : ""}.`,
        evidence: placeOf(scene, path),
        fix: lines ? commentOut(scene.fx.fs, configTarget(scene), lines) : takeOut(scene, path),
      };
    });
  },
});

export const providerUnknown = configCheck({
  id: "provider_unknown",
  area: "config",
  severity: "error",
  title: "model_provider names a provider that is not defined",
  look: (tree, scene) => {
    const id = chosenProvider(tree);
    if (isKnownProvider(tree, id)) return [];
    const others = definedProviders(tree);
    const known = others.length > 0 ? `; defined are ${others.join(", ")}` : "";
    return [
      {
        message: `Codex does not start: there is no provider ${JSON.stringify(id)}. Without model_provider it asks OpenAI.`,
        evidence: [
          ...placeOf(scene, ["model_provider"]),
          `no [${formatPath(["model_providers", id])}]${known}`,
        ],
        fix: takeOut(scene, ["model_provider"]),
      },
    ];
  },
});

export const providerNameless = editCheck({
  id: "provider_nameless",
  area: "config",
  severity: "error",
  title: "a provider has no name",
  look: (tree, scene) =>
    definedProviders(tree)
      .filter((id) => id !== "amazon-bedrock" && !reservedProviders.some((each) => each === id))
      .map((id) => ({ id, table: ["model_providers", id], path: ["model_providers", id, "name"] }))
      .filter(({ path }) => [undefined, ""].includes(nameOf(configValue(tree, path))))
      .map(({ id, table, path }) => ({
        message: `Codex does not start: [${formatPath(table)}] has no name.`,
        evidence: placeOf(scene, table),
        fix: null,
        change: {
          message: `Give [${formatPath(table)}] the name ${JSON.stringify(id)}.`,
          edits: [{ path, value: id }],
        },
      })),
});

/** Of another shape, it is another fault. */
function nameOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value.trim() : "of another shape";
}

export const providerKeyMissing = configCheck({
  id: "provider_key_missing",
  area: "config",
  severity: "error",
  title: "the variable with the key of the chosen provider is not set",
  look: (tree, scene) => {
    const table = ["model_providers", chosenProvider(tree)];
    const name = configString(tree, [...table, "env_key"]);
    if (name === undefined || !isTable(configValue(tree, table))) return [];
    if ((scene.fx.env[name] ?? "").trim() !== "") return [];
    const instructions = configString(tree, [...table, "env_key_instructions"]);
    return [
      {
        message: `Every request of Codex fails: [${formatPath(table)}] takes its key from ${name}, and that is not set here.`,
        evidence: [...placeOf(scene, [...table, "env_key"]), ...(instructions ? [instructions] : [])],
        fix: /^\w+$/.test(name) ? `export ${name}='<the key>'` : null,
      },
    ];
  },
});
