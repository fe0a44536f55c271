import { parse, stringify, TomlError } from "smol-toml";
import type { Login } from "../auth-json.ts";
import {
  configFlag,
  type ConfigPath,
  configString,
  configStrings,
  type ConfigTree,
  type ConfigValue,
} from "./tree.ts";

/** Where the parser stopped. The excerpt is the person's own text: show it, never log it. */
interface ConfigSyntaxError {
  message: string;
  line: number;
  column: number;
  excerpt: string;
}

type ConfigReading = { kind: "tree"; tree: ConfigTree } | ({ kind: "broken" } & ConfigSyntaxError);

/** Codex refuses it too. A table in a table for each part, a hundred thousand deep, takes more than its share of time. */
const endlessKey = /^(?:[ \t]*\[\[?)?(?:[ \t]*[\w-]+[ \t]*\.){1000}/m;

/** Parses the text of a config.toml. Integers become bigints, so that 1 and 1.0 stay different. */
export function readConfig(text: string): ConfigReading {
  const endless = endlessKey.exec(text);
  if (endless) {
    const line = text.slice(0, endless.index).split("\n").length;
    return { kind: "broken", message: "a key has too many parts", line, column: 1, excerpt: "" };
  }
  try {
    return { kind: "tree", tree: parse(text, { integersAsBigInt: true }) };
  } catch (error) {
    return { kind: "broken", ...syntaxError(error) };
  }
}

function syntaxError(error: unknown): ConfigSyntaxError {
  if (!(error instanceof TomlError)) return { message: String(error), line: 1, column: 1, excerpt: "" };
  const [summary = ""] = error.message.split("\n", 1);
  const message = summary.replace(/^Invalid TOML document: /, "");
  return { message, line: error.line, column: error.column, excerpt: error.codeblock.trimEnd() };
}

/** What `switch` asks config.toml. A value of the wrong type counts as not set: Codex itself reports it. */
export interface LoginSettings {
  /** `file` (also when not set), `keyring`, `auto`, `ephemeral`, or whatever else is written there. */
  credentialsStore: string;
  /** The login of the keyring lies encrypted in a file, and only its key in the keyring. Undefined: true on Windows alone. */
  isAuthEncrypted: boolean | undefined;
  forcedLoginMethod: string | undefined;
  /** Undefined when every workspace is allowed. */
  forcedWorkspaceIds: string[] | undefined;
  /** What requirements.toml allows beside; undefined where it limits nothing. */
  allowedMethods: string[] | undefined;
  allowedWorkspaceIds: string[] | undefined;
  chatgptBaseUrl: string | undefined;
  modelProvider: string | undefined;
  /** Of the keys that restrict or move a login, the file that sets it. */
  files: Readonly<Record<string, string>>;
}

/** `required` is requirements.toml. */
export function loginSettings(
  tree: ConfigTree,
  files: LoginSettings["files"] = {},
  required: ConfigTree = {},
): LoginSettings {
  return {
    files,
    credentialsStore: configString(tree, ["cli_auth_credentials_store"]) ?? "file",
    isAuthEncrypted: configFlag(tree, ["features", "secret_auth_storage"]),
    forcedLoginMethod: configString(tree, ["forced_login_method"]),
    forcedWorkspaceIds: workspaceIds(tree),
    allowedMethods: configStrings(required, ["allowed_login_methods"]),
    allowedWorkspaceIds: trimmed(configStrings(required, ["allowed_chatgpt_workspaces"])),
    chatgptBaseUrl: configString(tree, ["chatgpt_base_url"]),
    modelProvider: configString(tree, ["model_provider"]),
  };
}

/** As Codex reads them: blanks do not count, and a list of nothing forbids nothing. */
function workspaceIds(tree: ConfigTree): string[] | undefined {
  const ids = trimmed(configStrings(tree, ["forced_chatgpt_workspace_id"])) ?? [];
  return ids.length > 0 ? ids : undefined;
}

function trimmed(ids: string[] | undefined): string[] | undefined {
  return ids?.map((id) => id.trim()).filter((id) => id !== "");
}

/** `key = value` as TOML spells it; keys are quoted where they must be. */
export function formatPair(path: ConfigPath, value: ConfigValue): string {
  return `${formatPath(path)} = ${formatValue(value)}`;
}

export function formatPath(path: ConfigPath): string {
  return path.map((key) => stringify({ [key]: 0 }).slice(0, -" = 0\n".length)).join(".");
}

export function formatValue(value: ConfigValue): string {
  return stringify({ value }).slice("value = ".length).trimEnd();
}

/** The keys that a dotted key means, its quotes and escapes undone. */
export function parsePath(written: string): string[] {
  const path: string[] = [];
  let value: unknown = parse(`${written} = 0`);
  while (typeof value === "object") {
    const [key, child] = Object.entries(value ?? {})[0] ?? [];
    if (key !== undefined) path.push(key);
    value = child;
  }
  return path;
}

/** Why Codex takes no such login. */
interface LoginRestriction {
  /** A sentence without its end. */
  reason: string;
  /** `codex exec` deletes auth.json; otherwise Codex acts as if it were not there. */
  isDeleting: boolean;
}

/** Null where the configuration allows a login. */
export function loginRestriction(settings: LoginSettings, login: Login): LoginRestriction | null {
  const forced = methodRestriction(settings, login) ?? workspaceRestriction(settings, login);
  if (forced !== null) return { reason: forced, isDeleting: true };
  const required = methodNotAllowed(settings, login) ?? workspaceNotAllowed(settings, login);
  return required === null ? null : { reason: required, isDeleting: false };
}

/** Keys of any provider count as "api". */
function methodOf({ kind }: Login): "api" | "chatgpt" {
  return kind === "apiKey" || kind === "bedrock" ? "api" : "chatgpt";
}

function methodRestriction({ forcedLoginMethod, files }: LoginSettings, login: Login): string | null {
  const method = methodOf(login);
  if (forcedLoginMethod !== "api" && forcedLoginMethod !== "chatgpt") return null;
  if (forcedLoginMethod === method) return null;
  return `forced_login_method = "${forcedLoginMethod}"${inFile(files, "forced_login_method")} allows ${noneOf[method]}`;
}

const noneOf = { api: "no API key", chatgpt: "no ChatGPT login" };

function methodNotAllowed({ allowedMethods, files }: LoginSettings, login: Login): string | null {
  const method = methodOf(login);
  if (!allowedMethods || allowedMethods.includes(method)) return null;
  return `allowed_login_methods${inFile(files, "allowed_login_methods")} allows ${noneOf[method]}`;
}

function workspaceRestriction({ forcedWorkspaceIds, files }: LoginSettings, login: Login): string | null {
  const key = "forced_chatgpt_workspace_id";
  return forcedWorkspaceIds ? outside(forcedWorkspaceIds, login, `${key}${inFile(files, key)}`) : null;
}

function workspaceNotAllowed({ allowedWorkspaceIds, files }: LoginSettings, login: Login): string | null {
  const key = "allowed_chatgpt_workspaces";
  return allowedWorkspaceIds ? outside(allowedWorkspaceIds, login, `${key}${inFile(files, key)}`) : null;
}

/** A ChatGPT login that names no workspace is in none that is allowed. */
function outside(ids: readonly string[], { kind, identity }: Login, rule: string): string | null {
  if (kind !== "chatgpt") return null;
  const workspace = identity.kind === "seat" ? identity.accountId : null;
  if (workspace !== null && ids.includes(workspace)) return null;
  const allowed = ids.length === 0 ? "no workspace" : `only ${ids.join(", ")}`;
  return `${rule} allows ${allowed}, ${workspace === null ? "and this login names no workspace" : `not ${workspace}`}`;
}

/** Said only where it is another file than the one that everybody thinks of. */
function inFile(files: LoginSettings["files"], key: string): string {
  const file = files[key];
  return file === undefined ? "" : ` in ${file}`;
}
