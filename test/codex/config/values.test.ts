import { describe, expect, test } from "vitest";
import { ignoredKeys } from "../../../src/codex/config/keys.ts";
import { linesOfKey, linesOfTable } from "../../../src/codex/config/lines.ts";
import { configSchema } from "../../../src/codex/config/schema.ts";
import { readConfig } from "../../../src/codex/config/toml.ts";
import { configFaults } from "../../../src/codex/config/values.ts";

function faultsIn(text: string): string[] {
  const reading = readConfig(text);
  if (reading.kind === "broken") throw new Error(reading.message);
  return configFaults(reading.tree).map(({ path, found, meant }) =>
    [`${path.join(".")} ${found}`, ...(meant === undefined ? [] : [JSON.stringify(meant)])].join(" → "),
  );
}

describe("values that Codex cannot read", () => {
  test.each([
    ["model = 5", ["model is a number"]],
    ['model = ""', []],
    ["model = 2020-01-01", []],
    ['model_context_window = "0128000"', ["model_context_window is text → 128000"]],
    ["model_context_window = 5.0", ["model_context_window is a number → 5"]],
    ["model_context_window = 5.5", ["model_context_window is a number"]],
    ["model_context_window = -1", []],
    ["tool_output_token_limit = -1", ["tool_output_token_limit is a number"]],
    ["mcp_oauth_callback_port = 70000", ["mcp_oauth_callback_port is a number"]],
    ['mcp_oauth_callback_port = "70000"', ["mcp_oauth_callback_port is text"]],
    ['hide_agent_reasoning = "True"', ["hide_agent_reasoning is text → true"]],
    ["hide_agent_reasoning = 1", ["hide_agent_reasoning is a number"]],
    ['features.x = "false"', ["features.x is text → false"]],
    ["features.x = { a = 1 }", ["features.x is a table"]],
    ['sandbox_mode = "READ_ONLY"', ['sandbox_mode is "READ_ONLY" → "read-only"']],
    ['sandbox_mode = "readonlyish"', ['sandbox_mode is "readonlyish"']],
    ["approval_policy = { granular = {} }", [expect.stringContaining("approval_policy.granular has no ")]],
    ['approval_policy = "untrusted"', []],
    ['notify = "say"', ['notify is text → ["say"]']],
    ['notify = "say hello"', ["notify is text"]],
    ["notify = [1]", ["notify holds something else"]],
    ["mcp_servers.a.startup_timeout_sec = 1.5", []],
    ['mcp_servers.a.env = "TOKEN=secret"', ["mcp_servers.a.env is text"]],
    ["mcp_servers.__proto__ = 1", ["mcp_servers.__proto__ is a number"]],
    ['projects."/a b".trust_level = "yes"', ['projects./a b.trust_level is "yes"']],
    ['forced_chatgpt_workspace_id = "a, b"', ['forced_chatgpt_workspace_id is text → ["a","b"]']],
    ["mcp_servers.a.env.PORT = 3000", ["mcp_servers.a.env.PORT is a number"]],
    ['tui.notifications = "yess"', ["tui.notifications is text"]],
    ['tui.notifications = "true"', ["tui.notifications is text → true"]],
    ['tui.notifications = ["agent-turn-complete"]', []],
    ['tui.alternate_screen = "Auto"', ['tui.alternate_screen is "Auto" → "auto"']],
    ["unknown = 5", []],
    ["tui = []", ["tui is a list"]],
    ["history = []", []],
  ])("%s", (text, expected) => {
    expect(faultsIn(text)).toEqual(expected);
  });

  test.each([
    ['[otel]\nexporter = "otlp"', /one of "none", "statsig", or a table of the kind otlp-http or otlp-grpc/],
    ["[notice]\nfast_default_opt_out = []", /^true or false$/],
  ])("%j: what belongs there is told", (text, expected) => {
    const reading = readConfig(text);
    if (reading.kind === "broken") throw new Error(reading.message);
    expect(configFaults(reading.tree).map((fault) => fault.expected)).toEqual([
      expect.stringMatching(expected),
    ]);
  });

  test("a text of a person is not repeated, unless it stands where a word of Codex belongs", () => {
    expect(faultsIn('mcp_servers.a.enabled = "hunter2"')).toEqual(["mcp_servers.a.enabled is text"]);
    expect(faultsIn(`sandbox_mode = "${"x".repeat(60)}"`)).toEqual(["sandbox_mode is text"]);
  });

  test("what is known has every key of the top, and what stands below", () => {
    const { fields } = configSchema();
    expect(Object.keys(fields).length).toBeGreaterThan(100);
    expect(fields["mcp_servers"]?.table?.others).toMatchObject({
      table: { fields: { command: { text: true } } },
    });
    expect(fields["sandbox_mode"]?.text).toContain("read-only");
  });
});

describe("keys that Codex passes over", () => {
  test.each([
    ["sanbox_mode", "sandbox_mode"],
    ["sandbox-mode", "sandbox_mode"],
    ["sandboxMode", "sandbox_mode"],
    ["aproval_policy", "approval_policy"],
    ["approval_polciy", "approval_policy"],
    ["modle", "model"],
    ["model_reasoning_efforts", "model_reasoning_effort"],
    ["preferred_auth_method", "forced_login_method"],
  ])("%s: %s was meant", (key, meant) => {
    expect(ignoredKeys({ [key]: 1 })).toMatchObject([{ path: [key], instead: meant }]);
  });

  test.each(["model", "sandbox_mode", "my_own_note", "x", "", "toString", "__proto__"])(
    "nothing is said about %j",
    (key) => {
      expect(ignoredKeys({ [key]: 1 })).toEqual([]);
    },
  );

  test("no known key looks like a slip of another one", () => {
    expect(
      ignoredKeys(Object.fromEntries(Object.keys(configSchema().fields).map((key) => [key, 1]))),
    ).toEqual([]);
  });
});

describe("the lines of a key", () => {
  const text = [
    'model = "x"',
    "notify = [",
    '  "a",',
    "]",
    "",
    "[a.b] # table",
    "c = { d = 1 }",
    "",
    "[a.b.sub]",
    "e = 1",
    "# behind",
    "[z]",
    "y = 1",
  ].join("\n");
  test.each([
    [["model"], [1, 1]],
    [["notify"], [2, 4]],
    [
      ["a", "b", "c", "d"],
      [7, 7],
    ],
    [
      ["a", "b"],
      [6, 10],
    ],
    [
      ["a", "b", "sub", "e"],
      [10, 10],
    ],
    [["z"], [12, 13]],
    [["none"], null],
  ])("%j", (path, expected) => {
    const lines = linesOfKey(text, path);
    expect(lines && [lines.first, lines.last]).toEqual(expected);
  });

  test("a table whose parts stand apart has no one range", () => {
    expect(linesOfTable("[a.b]\n[z]\n[a.b.c]\n", ["a", "b"])).toBeNull();
  });

  test("with line ends of Windows they are the same", () => {
    expect(linesOfKey(text.replaceAll("\n", "\r\n"), ["notify"])).toEqual({ first: 2, last: 4 });
  });
});
