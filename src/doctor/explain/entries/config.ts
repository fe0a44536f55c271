import type { Entry } from "../known-error.ts";

/** Texts about config.toml and what it names. */
export const configEntries: readonly Entry[] = [
  {
    id: "legacy_profile",
    title: "Profiles are files of their own now",
    says: /legacy `?profile\b.{0,60}no longer supported|legacy `?profile|config profile `[^`]{1,60}` not found/i,
    cause:
      "The key profile in config.toml is no longer understood; older versions of Codex wanted a table [profiles.<name>] for it.",
    fix: "Remove the key, move the profile to <name>.config.toml beside config.toml and use: codex --profile <name>",
    checks: ["config"],
    example:
      'legacy `profile = "a"` config is no longer supported; use `--profile a` with `a.config.toml` instead',
  },
  {
    id: "provider_reserved",
    title: "config.toml redefines a built-in provider",
    says: /reserved built-in provider/i,
    cause: "[model_providers] may not use the name of a built-in provider.",
    fix: "Give the provider another name. To change the address of the built-in provider, use openai_base_url.",
    checks: ["config"],
    example:
      "model_providers contains reserved built-in provider IDs: `openai`. Built-in providers cannot be overridden.",
  },
  {
    id: "provider_unknown",
    title: "config.toml names a provider that is not there",
    says: /model provider `?[^`]{0,80}`? not found|cannot change this thread's model provider/i,
    cause:
      "There is no table [model_providers.<name>] for the name in model_provider, or the thread was started with another provider.",
    fix: "Remove model_provider from config.toml, or add its table; a thread can only be continued with the provider that it was started with.",
    checks: ["config"],
    example: "Error: Model provider `nope` not found",
  },
  {
    id: "provider_key_missing",
    title: "The variable with the key of a provider is not set",
    says: /missing environment variable/i,
    cause: "The provider in config.toml takes its key from a variable (env_key) that is not set.",
    fix: "Set the variable that the text names, or choose another model_provider.",
    checks: ["config"],
    example: "ERROR: Missing environment variable: `NOPE_KEY`.",
  },
  {
    id: "agent_role_ignored",
    title: "Codex leaves out an agent role whose file is wrong",
    says: /ignoring malformed agent role/i,
    cause:
      "A .toml file under agents/, or [agents.<name>] in config.toml, is incomplete or names a file that is not there. Everything else works.",
    fix: "Complete the file that the text names (it needs name, description and developer_instructions), or remove it.",
    checks: ["named_file_missing", "config"],
    example:
      "Ignoring malformed agent role definition: agents.reviewer.config_file must point to an existing file",
  },
  {
    id: "setting_retired",
    title: "A setting is no longer supported",
    status: /is no longer supported/i,
    cause: "config.toml, or the command line, has a value that older versions of Codex knew.",
    fix: "Remove the setting that the text names.",
    checks: ["config"],
    example: 'Error: approval_policy = "untrusted" is no longer supported; remove this setting',
  },
  {
    id: "setting_unknown_value",
    title: "A setting has a value that Codex does not know",
    says: /unknown variant `|invalid type: |data did not match any variant|missing field `|unknown field `|deserialized without a base path|invalid value: .{1,60}expected/i,
    explains: ["config_broken"],
    cause:
      "A value in config.toml (or a file that it names) is misspelt, missing or of the wrong type; the text names the key and what is expected.",
    fix: "Correct the value in config.toml, or remove the line; codex auth doctor shows where it stands.",
    checks: ["config"],
    example: "unknown variant `wild`, expected one of `read-only`, `workspace-write`, `danger-full-access`",
  },
  {
    id: "config_broken",
    title: "config.toml has a syntax error, so Codex does not start",
    says: /invalid basic string|unclosed (?:array|table|inline)|TOML parse error|duplicate key|missing escaped value|carriage return must be followed|config file prevents startup|config\.toml.{0,20} syntax error|invalid (?:literal string|key|table header)|expected newline/i,
    status:
      /error loading config(?:\.toml|uration)|failed to (?:re)?load config|error parsing (?:project )?config|config\.toml:\d{1,7}:\d{1,7}/i,
    cause:
      "A line of config.toml (your own, or .codex/config.toml of the project) cannot be parsed; the text names file, line and column.",
    fix: "codex auth doctor shows the line; correct it there. Without the file Codex starts with defaults.",
    checks: ["config", "codex_home_missing"],
    example: 'Error loading config.toml: config.toml:3:11: invalid basic string, expected `"`',
  },
  {
    id: "named_file_missing",
    title: "config.toml names a file that is not there",
    says: /failed to read (?:[\w ]{0,40}instructions|prompt|schema)[\w ]{0,20} file .{1,300}(?:no such file|os error [23]\b)|model_instructions_file.{0,200}no such file/i,
    cause: "A key such as model_instructions_file holds the path of a file that was moved or never made.",
    fix: "Correct or remove the key; codex auth doctor shows its line.",
    checks: ["named_file_missing", "config"],
    example: "failed to read model instructions file prompt.md: No such file or directory (os error 2)",
  },
  {
    id: "setting_ignored",
    title: "Codex does not know a key in config.toml",
    says: /` is ignored\b|unknown configuration field|ignoring \d{1,4} unrecognized configuration|unrecognized configuration setting/i,
    cause:
      "The key is misspelt, retired, or stands in the wrong table. Codex only warns, unless it runs with --strict-config.",
    fix: "Remove or move the key; codex auth doctor lists the keys that are ignored, with their lines.",
    checks: ["config"],
    example: "warning: user (config.toml): `zzz` is ignored.",
  },
];
