import type { ConfigFault } from "../../codex/config-faults.ts";
import { formatPath } from "../../codex/config-toml.ts";
import { editCheck, placeOf, takeOut, type EditableSighting } from "./config-text.ts";

/** Never made looser: a word that means nothing becomes the strictest mode. */
export const sandboxModeInvalid = editCheck({
  id: "sandbox_mode_invalid",
  area: "config",
  severity: "error",
  title: "sandbox_mode is none that Codex knows",
  look: (_, scene) =>
    scene.config.faults
      .filter(({ path }) => path.at(-1) === "sandbox_mode")
      .map((fault) => ({
        message: `Codex does not start: ${formatPath(fault.path)} ${fault.found}, where ${fault.expected} belongs.`,
        evidence: placeOf(scene, fault.path),
        fix: takeOut(scene, fault.path),
        change: changeFor(fault),
      })),
});

function changeFor({ path, meant }: ConfigFault): EditableSighting["change"] {
  const key = formatPath(path);
  const message =
    meant === undefined
      ? `Set ${key} to "read-only", the strictest; choose another one if that is too little.`
      : `Spell ${key} as "${meant as string}".`;
  return { message, edits: [{ path, value: meant ?? "read-only" }] };
}
