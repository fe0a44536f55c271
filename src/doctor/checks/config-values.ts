import { formatPath } from "../../codex/config/toml.ts";
import { configString, type ConfigTree } from "../../codex/config/tree.ts";
import type { ConfigFault } from "../../codex/config/values.ts";
import { accountName } from "../../pool/account.ts";
import { configCheck, type FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type EditableFault, editCheck, placeOf, takeOut } from "./config-edit.ts";

const path = ["cli_auth_credentials_store"];

export const credentialsStoreInvalid = editCheck({
  id: "credentials_store_invalid",
  area: "config",
  severity: "error",
  title: "cli_auth_credentials_store is no place that Codex knows",
  look: (_, facts) =>
    facts.config.faults
      .filter((fault) => fault.path.join(".") === path[0])
      .map(({ found, expected, meant }) => ({
        message: `Codex does not start: ${path[0]} ${found}, where ${expected} belongs. Without it Codex keeps its login in auth.json.`,
        evidence: placeOf(facts, path),
        command: takeOut(facts, path),
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
  title: "Codex keeps its login where codex-auth cannot change it, or may do so",
  look: (_, facts) => {
    const store = facts.config.settings?.credentialsStore ?? "file";
    const { live } = facts;
    if (live?.refusal) return [elsewhere(facts, { message: `${live.refusal.message} A switch is refused.` })];
    const isReached = live?.place.kind === "keyring";
    const effect = isReached && store !== "ephemeral" ? undefined : effects.get(store);
    return effect === undefined ? [] : [elsewhere(facts, effect)];
  },
});

function elsewhere(facts: Facts, effect: { message: string; severity?: "info" }): FoundFault {
  const { snapshot } = facts;
  const account = snapshot?.active ?? snapshot?.pool.accounts[0];
  return {
    message: `cli_auth_credentials_store = "${facts.config.settings?.credentialsStore}": ${effect.message}`,
    evidence: [
      ...placeOf(facts, path),
      ...(account ? [`the fix switches to ${accountName(account, snapshot?.pool.accounts ?? [])}`] : []),
    ],
    command: `codex auth switch ${account?.id ?? "<account>"} --use-file-store`,
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

export const approvalPolicyInvalid = editCheck({
  id: "approval_policy_invalid",
  area: "config",
  severity: "error",
  title: "approval_policy is none that Codex takes",
  look: (tree, facts) => [...unknown(facts), ...retired(tree, facts)],
});

function unknown(facts: Facts): EditableFault[] {
  return facts.config.faults
    .filter(({ path }) => path.at(-1) === "approval_policy")
    .map((fault) => ({
      message: `Codex does not start: ${formatPath(fault.path)} ${fault.found}, where one of "on-request", "never" or a table "granular" belongs.`,
      evidence: placeOf(facts, fault.path),
      command: takeOut(facts, fault.path),
      change: spelling(fault),
    }));
}

/** "Untrusted" is the spelling of a value that Codex refuses as well. */
function spelling({ path, meant }: ConfigFault): EditableFault["change"] {
  if (typeof meant !== "string" || meant === "untrusted") return null;
  return { message: `Spell ${formatPath(path)} as "${meant}".`, edits: [{ path, value: meant }] };
}

/** Whatever takes its place asks less often, so it is for the person to choose. */
function retired(tree: ConfigTree, facts: Facts): EditableFault[] {
  const path = ["approval_policy"];
  if (configString(tree, path) !== "untrusted") return [];
  return [
    {
      message:
        'Codex does not start: approval_policy = "untrusted" is no longer supported. Without it Codex asks as with "on-request": when the model wants more than sandbox_mode allows. The strictest is "on-request" with sandbox_mode = "read-only".',
      evidence: placeOf(facts, path),
      command: takeOut(facts, path),
      change: null,
    },
  ];
}

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
  look: (_, facts) =>
    facts.config.faults
      .filter(({ path }) => !special.test(path.join(".")))
      .map((fault) => foundFault(fault, facts)),
});

function foundFault(fault: ConfigFault, facts: Facts): EditableFault {
  const key = formatPath(fault.path);
  return {
    message: `Codex does not start: ${key} ${fault.found}, where ${fault.expected} belongs.`,
    evidence: placeOf(facts, fault.path),
    command: takeOut(facts, fault.path),
    change: changeFor(fault, key),
  };
}

function changeFor({ path, meant }: ConfigFault, key: string): EditableFault["change"] {
  if (meant !== undefined)
    return { message: `Write ${key} as ${JSON.stringify(meant)}.`, edits: [{ path, value: meant }] };
  if (!tastes.has(path.join("."))) return null;
  const message = `Take ${key} out of config.toml; Codex's own default applies then.`;
  return { message, edits: [{ path, value: undefined }] };
}

/** Never made looser: a word that means nothing becomes the strictest mode. */
export const sandboxModeInvalid = editCheck({
  id: "sandbox_mode_invalid",
  area: "config",
  severity: "error",
  title: "sandbox_mode is none that Codex knows",
  look: (_, facts) =>
    facts.config.faults
      .filter(({ path }) => path.at(-1) === "sandbox_mode")
      .map((fault) => ({
        message: `Codex does not start: ${formatPath(fault.path)} ${fault.found}, where ${fault.expected} belongs.`,
        evidence: placeOf(facts, fault.path),
        command: takeOut(facts, fault.path),
        change: sandboxChange(fault),
      })),
});

function sandboxChange({ path, meant }: ConfigFault): EditableFault["change"] {
  const key = formatPath(path);
  const message =
    meant === undefined
      ? `Set ${key} to "read-only", the strictest; choose another one if that is too little.`
      : `Spell ${key} as "${meant as string}".`;
  return { message, edits: [{ path, value: meant ?? "read-only" }] };
}

/** One value is left, so there is nothing to choose; it stops Codex even where the provider is not used. */
export const wireApiRetired = editCheck({
  id: "wire_api_retired",
  area: "config",
  severity: "error",
  title: "a provider has a wire_api that Codex no longer speaks",
  look: (_, facts) =>
    facts.config.faults
      .filter(({ path }) => path.at(-1) === "wire_api")
      .map(({ path, found }) => ({
        message: `Codex does not start: ${formatPath(path)} ${found}, and it speaks only "responses". A provider that has no such interface cannot be used any more.`,
        evidence: placeOf(facts, path),
        command: takeOut(facts, path),
        change: {
          message: `Set ${formatPath(path)} to "responses".`,
          edits: [{ path, value: "responses" }],
        },
      })),
});
