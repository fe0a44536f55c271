import type { ConfigFault } from "../../codex/config-faults.ts";
import { formatPath } from "../../codex/config-toml.ts";
import type { Scene } from "../scene.ts";
import { editCheck, placeOf, takeOut, type EditableSighting } from "./config-text.ts";

/** Keys that other checks know more about. */
const special =
  /^(profiles\.[^.]+\.)?(sandbox_mode|approval_policy)$|^cli_auth_credentials_store$|\.wire_api$/;

/** Keys of taste: without them Codex takes its default, and nothing is allowed that was not. */
const tastes = new Set([
  "model",
  "review_model",
  "model_context_window",
  "model_auto_compact_token_limit",
  "model_reasoning_effort",
  "plan_mode_reasoning_effort",
  "model_reasoning_summary",
  "model_verbosity",
  "tool_output_token_limit",
  "project_doc_max_bytes",
  "file_opener",
  "hide_agent_reasoning",
  "show_raw_agent_reasoning",
  "personality",
  "service_tier",
  "disable_paste_burst",
]);

export const configValueInvalid = editCheck({
  id: "config_value_invalid",
  area: "config",
  severity: "error",
  title: "config.toml has a value that Codex cannot read",
  look: (_, scene) =>
    scene.config.faults
      .filter(({ path }) => !special.test(path.join(".")))
      .map((fault) => sighting(fault, scene)),
});

function sighting(fault: ConfigFault, scene: Scene): EditableSighting {
  const key = formatPath(fault.path);
  return {
    message: `Codex does not start: ${key} ${fault.found}, where ${fault.expected} belongs.`,
    evidence: placeOf(scene, fault.path),
    fix: takeOut(scene, fault.path),
    change: changeFor(fault, key),
  };
}

function changeFor({ path, meant }: ConfigFault, key: string): EditableSighting["change"] {
  if (meant !== undefined)
    return { message: `Write ${key} as ${JSON.stringify(meant)}.`, edits: [{ path, value: meant }] };
  if (!tastes.has(path.join("."))) return null;
  const message = `Take ${key} out of config.toml; Codex's own default applies then.`;
  return { message, edits: [{ path, value: undefined }] };
}
