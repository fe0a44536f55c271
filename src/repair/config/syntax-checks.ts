import { findDuplicates, mergeDuplicates, type Duplicate } from "../../codex/config-duplicates.ts";
import { correctTypos, isRedefinition } from "../../codex/config-typos.ts";
import { readConfig } from "../../codex/config-toml.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { isOtherEncoding } from "./config-file-checks.ts";
import { commentOut, configTarget, withoutSecret } from "./config-text.ts";

/** The first key or table that stands twice, where that is why the parser stopped. */
export function duplicateIn({ config }: Scene): Duplicate | null {
  const { broken, text } = config;
  if (!broken || !isRedefinition(broken)) return null;
  return findDuplicates(text ?? "").find(({ secondLine }) => secondLine === broken.line) ?? null;
}

export const configDuplicateKey: Check = {
  id: "config_duplicate_key",
  area: "config",
  severity: "error",
  title: "config.toml sets a key twice",
  look: (scene) => {
    const duplicate = duplicateIn(scene);
    return duplicate ? [duplicateSighting(duplicate, scene)] : [];
  },
  mend: {
    describe: () =>
      "Write every table and key of config.toml once: what stands twice says the same, or fits together.",
    apply: ({ fx }) => fx.store.editConfig((text) => mergeDuplicates(text) ?? text),
  },
};

function duplicateSighting(duplicate: Duplicate, scene: Scene): Sighting {
  const { name, firstLine, secondLine, isTable } = duplicate;
  const text = scene.config.text ?? "";
  const lines = text.split("\n");
  const canMend = mergeDuplicates(text) !== null;
  const secondOut = commentOut(scene.fx.fs, configTarget(scene), { first: secondLine, last: secondLine });
  const fix = canMend ? "codex auth fix" : isTable || !isOneLine(text, secondLine) ? null : secondOut;
  return {
    message: `Codex does not start: ${scene.paths.configFile} has ${name} twice, in line ${firstLine} and in line ${secondLine}. ${canMend ? "Both can be joined." : `Keep the one that is right${fix === null ? "" : `; the command keeps line ${firstLine}`}.`}`,
    evidence: [firstLine, secondLine].map(
      (line) => `${line}: ${withoutSecret(lines[line - 1]?.trim() ?? "")}`,
    ),
    fix,
    canMend,
  };
}

/** Whether the text without that line is no worse. */
function isOneLine(text: string, line: number): boolean {
  const lines = text.split("\n");
  lines[line - 1] = "";
  const reading = readConfig(lines.join("\n"));
  return reading.kind === "tree" || (isRedefinition(reading) && reading.line > line);
}

export const configTypo: Check = {
  id: "config_typo",
  area: "config",
  severity: "error",
  title: "config.toml has a slip of the pen",
  look: (scene) => {
    const { broken, text } = scene.config;
    const corrected = broken && correctTypos(text ?? "");
    if (!corrected || isOtherEncoding(scene)) return [];
    const { line, column, message } = broken;
    return [
      {
        message: `Codex does not start: ${scene.paths.configFile}:${line}:${column}: ${message}. What was meant is clear.`,
        evidence: corrected.lines.flatMap((each) => [
          `line ${each.line}: ${withoutSecret(each.before.trim())}`,
          `meant:  ${withoutSecret(each.after.trim())}`,
        ]),
        fix: "codex auth fix",
      },
    ];
  },
  mend: {
    describe: ({ config }) => {
      const lines = correctTypos(config.text ?? "")?.lines ?? [];
      return `Correct line ${lines.map(({ line }) => line).join(", ")} of config.toml.`;
    },
    apply: ({ fx }) => fx.store.editConfig((text) => correctTypos(text)?.text ?? text),
  },
};
