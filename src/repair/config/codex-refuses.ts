import { configLimit, readTextIfPresent } from "../../store/files.ts";
import type { Check } from "../check.ts";
import type { Diagnosis } from "../check.ts";
import type { Scene } from "../scene.ts";
import { claimsNoStart } from "../refuted.ts";
import { withoutSecret } from "./config-text.ts";

/** What no check of ours explains, in the words of the installed Codex. */
export const codexRefuses: Check = {
  id: "codex_refuses_config",
  area: "config",
  severity: "error",
  title: "the installed Codex refuses its configuration",
  look: async (scene, found = []) => {
    const answer = await scene.startup();
    if (answer.kind !== "refused" || found.some(isExplained)) return [];
    const { sentence, place } = answer;
    const where = place === null ? "" : `${place.file}:${place.line}:${place.column}: `;
    const [first = "", ...more] = sentence.split("\n").map((line) => withoutSecret(line.trim()));
    return [
      {
        message: `Codex does not start: ${where}${first.replace(/\.$/, "")}.`,
        evidence: [...more.filter((line) => line !== ""), ...(place ? lineOf(scene, place) : [])],
        fix: null,
      },
    ];
  },
};

function isExplained({ severity, area, message }: Diagnosis): boolean {
  return severity === "error" && area === "config" && claimsNoStart(message);
}

function lineOf({ fx }: Scene, { file, line }: { file: string; line: number }): string[] {
  const text = readTextIfPresent(fx.fs, file, configLimit)?.split("\n")[line - 1]?.trim() ?? "";
  return text === "" ? [] : [`${line}: ${withoutSecret(text)}`];
}
