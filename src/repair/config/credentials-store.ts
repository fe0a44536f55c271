import { accountName } from "../../store/account-name.ts";
import { configCheck, type Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { editCheck, placeOf, takeOut } from "./config-text.ts";

const path = ["cli_auth_credentials_store"];

export const credentialsStoreInvalid = editCheck({
  id: "credentials_store_invalid",
  area: "config",
  severity: "error",
  title: "cli_auth_credentials_store is no place that Codex knows",
  look: (_, scene) =>
    scene.config.faults
      .filter((fault) => fault.path.join(".") === path[0])
      .map(({ found, expected, meant }) => ({
        message: `Codex does not start: ${path[0]} ${found}, where ${expected} belongs. Without it Codex keeps its login in auth.json.`,
        evidence: placeOf(scene, path),
        fix: takeOut(scene, path),
        change:
          typeof meant === "string"
            ? { message: `Spell ${path[0]} as "${meant}".`, edits: [{ path, value: meant }] }
            : null,
      })),
});

/** A choice of the person: it is told, and changed only when asked. */
export const credentialsStoreElsewhere = configCheck({
  id: "credentials_store_elsewhere",
  area: "config",
  severity: "warning",
  title: "Codex does not keep its login in auth.json",
  look: (_, scene) => {
    const effect = effects.get(scene.config.settings?.credentialsStore ?? "file");
    return effect === undefined ? [] : [elsewhere(scene, effect)];
  },
});

function elsewhere(scene: Scene, effect: { message: string; severity?: "info" }): Sighting {
  const { snapshot } = scene;
  const account = snapshot?.active ?? snapshot?.pool.accounts[0];
  return {
    message: `cli_auth_credentials_store = "${scene.config.settings?.credentialsStore}": ${effect.message}`,
    evidence: [...placeOf(scene, path), ...(account ? [`the fix switches to ${accountName(account)}`] : [])],
    fix: `codex auth switch ${account?.id ?? "<account>"} --use-file-store`,
    ...(effect.severity && { severity: effect.severity }),
  };
}

const effects = new Map<string, { message: string; severity?: "info" }>([
  [
    "keyring",
    {
      message:
        "Codex reads its login from the keyring of the system and never looks into auth.json, so a switch has no effect. Without a keyring service its requests go out without a token.",
    },
  ],
  [
    "ephemeral",
    {
      message:
        "Codex keeps its login in memory and never looks into auth.json: every start is without a login, and a switch has no effect.",
    },
  ],
  [
    "auto",
    {
      message: "Codex reads auth.json only where it finds no login in the keyring of the system.",
      severity: "info",
    },
  ],
]);
