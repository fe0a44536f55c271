import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loginSettings, readConfig } from "../../../src/codex/config/toml.ts";
import { type ConfigTree, configValue } from "../../../src/codex/config/tree.ts";

const folder = new URL("../../../fixtures/config-toml/", import.meta.url);

function treeOf(text: string): ConfigTree {
  const reading = readConfig(text);
  if (reading.kind === "broken") throw new Error(reading.message);
  return reading.tree;
}

describe("readConfig", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".toml") && !name.startsWith("broken"));

  test.each(names)("reads %s", (name) => {
    expect(readConfig(readFileSync(new URL(name, folder), "utf8")).kind).toBe("tree");
  });

  test("says where a broken file stops making sense", () => {
    const reading = readConfig(readFileSync(new URL("broken-string.toml", folder), "utf8"));
    expect(reading).toMatchObject({ kind: "broken", line: 2, column: 25 });
    expect(reading).toHaveProperty("excerpt", expect.stringContaining('2:  approval_policy = "never'));
    expect(reading).toHaveProperty("message", "control characters are not allowed in strings");
  });

  test.each([
    ["a list without an end", "a = [", 1],
    ["a key twice", "a = 1\na = 2", 2],
    ["a table over a value", "a = 1\n[a]", 2],
    ["no value", "a =", 1],
    ["an impossible date", "a = 2024-13-99", 1],
    ["a bad escape", 'a = "\\q"', 1],
    ["JSON", '{"a": 1}', 1],
    ["lists nested without measure", `a = ${"[".repeat(100_000)}`, 1],
  ])("reports %s with its line", (_, text, line) => {
    expect(readConfig(text)).toMatchObject({ kind: "broken", line, message: expect.any(String) });
  });

  test("keeps whole numbers exact and apart from fractions", () => {
    const tree = treeOf("big = 9223372036854775807\none = 1\none_float = 1.0");
    expect(Object.values(tree)).toEqual([9223372036854775807n, 1n, 1]);
  });

  test("treats __proto__ as a key like any other", () => {
    const tree = treeOf("[__proto__]\npolluted = true");
    expect(configValue(tree, ["__proto__", "polluted"])).toBe(true);
    expect(configValue(tree, ["polluted"])).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});

describe("configValue", () => {
  test.each([
    ["a root key", ["a"], 1n],
    ["a key in a table", ["t", "x y"], "z"],
    ["a missing key", ["b"], undefined],
    ["a key below a number", ["a", "b"], undefined],
    ["a key below text, which has a length", ["s", "length"], undefined],
    ["a key below a list", ["l", "0"], undefined],
    ["what every object inherits", ["toString"], undefined],
  ])("finds %s", (_, path, value) => {
    const tree = treeOf('a = 1\ns = "text"\nl = [1]\n[t]\n"x y" = "z"');
    expect(configValue(tree, path)).toEqual(value);
  });
});

describe("loginSettings", () => {
  const nothing = {
    files: {},
    credentialsStore: "file",
    forcedLoginMethod: undefined,
    forcedWorkspaceIds: undefined,
    chatgptBaseUrl: undefined,
    modelProvider: undefined,
  };

  test.each([
    ["nothing", "", {}],
    ["the store", 'cli_auth_credentials_store = "keyring"', { credentialsStore: "keyring" }],
    ["an unknown store", 'cli_auth_credentials_store = "cloud"', { credentialsStore: "cloud" }],
    ["the login method", 'forced_login_method = "api"', { forcedLoginMethod: "api" }],
    ["one workspace", 'forced_chatgpt_workspace_id = "w1"', { forcedWorkspaceIds: ["w1"] }],
    ["workspaces", 'forced_chatgpt_workspace_id = ["w1", "w2"]', { forcedWorkspaceIds: ["w1", "w2"] }],
    ["a workspace with blanks", 'forced_chatgpt_workspace_id = " w1 "', { forcedWorkspaceIds: ["w1"] }],
    ["an empty workspace", 'forced_chatgpt_workspace_id = " "', {}],
    ["no workspaces", 'forced_chatgpt_workspace_id = ["", 1]', {}],
    ["the base URL", 'chatgpt_base_url = "https://x.test"', { chatgptBaseUrl: "https://x.test" }],
    ["the provider", 'model_provider = "openai"', { modelProvider: "openai" }],
    ["no key of another table", '[profiles.a]\nmodel_provider = "x"', {}],
  ])("reads %s", (_, text, settings) => {
    expect(loginSettings(treeOf(text))).toEqual({ ...nothing, ...settings });
  });

  test.each([
    ["a number", "1"],
    ["a date", "1979-05-27"],
    ["a table", "{ file = true }"],
    ["a boolean", "true"],
  ])("takes %s for not set", (_, written) => {
    const keys = ["cli_auth_credentials_store", "forced_login_method", "forced_chatgpt_workspace_id"];
    const text = [...keys, "chatgpt_base_url", "model_provider"].map((key) => `${key} = ${written}`);
    expect(loginSettings(treeOf(text.join("\n")))).toEqual(nothing);
  });
});
