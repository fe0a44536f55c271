import { parse, stringify, TomlError } from "smol-toml";
import {
  configString,
  configStrings,
  type ConfigPath,
  type ConfigTree,
  type ConfigValue,
} from "./config-tree.ts";

/** Where the parser stopped. The excerpt is the person's own text: show it, never log it. */
interface ConfigSyntaxError {
  message: string;
  line: number;
  column: number;
  excerpt: string;
}

export type ConfigReading = { kind: "tree"; tree: ConfigTree } | ({ kind: "broken" } & ConfigSyntaxError);

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
  forcedLoginMethod: string | undefined;
  /** Undefined when every workspace is allowed. */
  forcedWorkspaceIds: string[] | undefined;
  chatgptBaseUrl: string | undefined;
  modelProvider: string | undefined;
  /** Of the keys that restrict or move a login, the file that sets it. */
  files: Readonly<Record<string, string>>;
}

export function loginSettings(tree: ConfigTree, files: LoginSettings["files"] = {}): LoginSettings {
  return {
    files,
    credentialsStore: configString(tree, ["cli_auth_credentials_store"]) ?? "file",
    forcedLoginMethod: configString(tree, ["forced_login_method"]),
    forcedWorkspaceIds: workspaceIds(tree),
    chatgptBaseUrl: configString(tree, ["chatgpt_base_url"]),
    modelProvider: configString(tree, ["model_provider"]),
  };
}

/** As Codex reads them: blanks do not count, and a list of nothing forbids nothing. */
function workspaceIds(tree: ConfigTree): string[] | undefined {
  const written = configStrings(tree, ["forced_chatgpt_workspace_id"]) ?? [];
  const ids = written.map((id) => id.trim()).filter((id) => id !== "");
  return ids.length > 0 ? ids : undefined;
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
