import { countingTree, keysNotForProjects } from "../../codex/config/layers.ts";
import { linesOfKey } from "../../codex/config/lines.ts";
import { configFaults, faultText, requirementFaults } from "../../codex/config/values.ts";
import { providerWithoutLogin } from "../../codex/models.ts";
import { configLimit, readTextIfPresent } from "../../machine/file-system.ts";
import { type LayerFile, layersOf } from "../../store/config-layers.ts";
import { type DoctorCheck, claimsNoStart, type DoctorFinding, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { withoutSecret } from "./config-edit.ts";

/** A file of a project, of the system or of a manager. */
export const otherConfigBroken: DoctorCheck = {
  id: "other_config_broken",
  area: "config",
  severity: "error",
  title: "a configuration file beside config.toml stops Codex",
  look: ({ config }) => config.others.flatMap(stopping),
};

function stopping(layer: LayerFile): FoundFault[] {
  const consequence =
    layer.kind === "project" ? "Codex does not start in this folder" : "Codex does not start";
  if (layer.problem !== null)
    return [
      { message: `${consequence}: ${withoutSecret(layer.problem).replace(/\.$/, "")}.`, command: null },
    ];
  return layersOf([layer])
    .flatMap((each) =>
      each.kind === "requirements" ? requirementFaults(each.tree) : configFaults(countingTree(each)),
    )
    .map((fault) => ({
      message: `${consequence}: ${faultText(fault, layer.file)}.`,
      evidence: placeIn(layer, fault.path),
      command: null,
    }));
}

export const projectKeyIgnored: DoctorCheck = {
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
          command: null,
        })),
    ),
};

function placeIn({ file, text }: LayerFile, path: readonly string[]): string[] {
  const lines = linesOfKey(text, path);
  return lines ? [`${file}:${lines.first}`] : [];
}

export const providerWithoutOurLogin: DoctorCheck = {
  id: "provider_without_login",
  area: "config",
  severity: "info",
  title: "the chosen provider gets no login of auth.json",
  look: ({ config: { merged } }) => {
    const provider = merged && providerWithoutLogin(merged);
    if (!provider) return [];
    const { id, instead } = provider;
    const message = `model_provider is ${JSON.stringify(id)}, so requests of Codex carry no login of auth.json: ${instead}. Which account is active makes no difference to them.`;
    return [{ message, command: null }];
  },
};

/** What no check of ours explains, in the words of the installed Codex. */
export const codexRefuses: DoctorCheck = {
  id: "codex_refuses_config",
  area: "config",
  severity: "error",
  title: "the installed Codex refuses its configuration",
  look: async (facts, found = []) => {
    const answer = await facts.startup();
    if (answer.kind !== "refused" || found.some(isExplained)) return [];
    const { sentence, place } = answer;
    const where = place === null ? "" : `${place.file}:${place.line}:${place.column}: `;
    const [first = "", ...more] = sentence.split("\n").map((line) => withoutSecret(line.trim()));
    return [
      {
        message: `Codex does not start: ${where}${first.replace(/\.$/, "")}.`,
        evidence: [...more.filter((line) => line !== ""), ...(place ? lineOf(facts, place) : [])],
        command: null,
      },
    ];
  },
};

function isExplained({ severity, area, message }: DoctorFinding): boolean {
  return severity === "error" && area === "config" && claimsNoStart(message);
}

function lineOf({ ctx }: Facts, { file, line }: { file: string; line: number }): string[] {
  const text = readTextIfPresent(ctx.fs, file, configLimit)?.split("\n")[line - 1]?.trim() ?? "";
  return text === "" ? [] : [`${line}: ${withoutSecret(text)}`];
}
