import type { ConfigFault } from "../../codex/config-faults.ts";
import { formatPath } from "../../codex/config-toml.ts";
import { configString, type ConfigTree } from "../../codex/config-tree.ts";
import type { Scene } from "../scene.ts";
import { editCheck, placeOf, takeOut, type EditableSighting } from "./config-text.ts";

export const approvalPolicyInvalid = editCheck({
  id: "approval_policy_invalid",
  area: "config",
  severity: "error",
  title: "approval_policy is none that Codex takes",
  look: (tree, scene) => [...unknown(scene), ...retired(tree, scene)],
});

function unknown(scene: Scene): EditableSighting[] {
  return scene.config.faults
    .filter(({ path }) => path.at(-1) === "approval_policy")
    .map((fault) => ({
      message: `Codex does not start: ${formatPath(fault.path)} ${fault.found}, where one of "on-request", "never" or a table "granular" belongs.`,
      evidence: placeOf(scene, fault.path),
      fix: takeOut(scene, fault.path),
      change: spelling(fault),
    }));
}

/** "Untrusted" is the spelling of a value that Codex refuses as well. */
function spelling({ path, meant }: ConfigFault): EditableSighting["change"] {
  if (typeof meant !== "string" || meant === "untrusted") return null;
  return { message: `Spell ${formatPath(path)} as "${meant}".`, edits: [{ path, value: meant }] };
}

/** Whatever takes its place asks less often, so it is for the person to choose. */
function retired(tree: ConfigTree, scene: Scene): EditableSighting[] {
  const path = ["approval_policy"];
  if (configString(tree, path) !== "untrusted") return [];
  return [
    {
      message:
        'Codex does not start: approval_policy = "untrusted" is no longer supported. Without it Codex asks as with "on-request": when the model wants more than sandbox_mode allows. The strictest is "on-request" with sandbox_mode = "read-only".',
      evidence: placeOf(scene, path),
      fix: takeOut(scene, path),
      change: null,
    },
  ];
}
