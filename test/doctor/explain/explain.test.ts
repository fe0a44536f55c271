import { expect, test } from "vitest";
import { guideErrors } from "../../../.ci/troubleshooting-page.ts";
import { entries, matchEntries } from "../../../src/doctor/explain/explain.ts";
import { checks } from "../../../src/doctor/index.ts";
import { apiErrors } from "../../../src/errors/api-errors.ts";
import { codexErrorGuide } from "../../../src/errors/codex-error-guide.ts";
import { commandErrors } from "../../../src/errors/command-errors.ts";
import { runFake } from "../../support/fake-context.ts";
import { FaultHome } from "../../support/fault-home.ts";
import { TestHome } from "../../support/home.ts";

interface Document {
  text: string;
  matches: { id: string }[];
  resetsAt: string | null;
  findings: { id: string }[];
  nearest: { id: string }[];
}

const idsOf = (text: string) => matchEntries(text).map(({ id }) => id);

test.each(entries)("$id explains its own example, and no other entry claims it", ({ id, example }) => {
  expect(idsOf(example)).toContain(id);
  // At most one more, where a text has two causes: `Failed to refresh token: Is a directory`.
  expect(idsOf(example).length).toBeLessThanOrEqual(2);
});

test("ids are stable names, and each check that an entry names is there", () => {
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  const known = new Set(checks.flatMap(({ id, area }) => [id, area]));
  const unknown = entries.flatMap(({ id, checks: wanted }) =>
    wanted.filter((each) => !known.has(each as never)).map((each) => `${id}: ${each}`),
  );
  expect(unknown).toEqual([]);
  expect(entries.filter(({ id }) => !/^[a-z_]+$/.test(id))).toEqual([]);
});

test.each([
  ["401 Unauthorized", "unauthorized"],
  ["429 Too Many Requests", "too_many_requests"],
  ["rate limit", "too_many_requests"],
  ["Address in use (os error 98)", "login_port_in_use"],
  ["Reconnecting... 3/5", "reconnecting"],
  ["stream disconnected before completion: idle timeout", "reconnecting"],
  ["Login stuck on Sign in with ChatGPT", "login_stuck"],
  ["migration 7 was previously applied but has been modified", "migration_modified"],
  ["You've hit your usage limit for gpt-other. Switch to another model now", "usage_limit"],
  ["Connection refused (os error 111)", "waiting_for_network"],
  ["ERROR: Missing environment variable: `NOPE_KEY`.", "provider_key_missing"],
  ["Failed to refresh token: 429 Too Many Requests", "refresh_unavailable"],
  ['`wire_api = "chat"` is no longer supported.', "setting_retired"],
  ["atomic credential replacement does not support hard-linked files", "refresh_save_failed"],
])("%s is known", (text, id) => {
  expect(idsOf(text)).toContain(id);
});

test("what says more makes the general entries step aside", () => {
  const text =
    "401 Unauthorized\nYour access token could not be refreshed because your refresh token was revoked. Please log out";
  expect(idsOf(text)).toEqual(["refresh_token_revoked"]);
});

test("the entries come with what this machine shows", async () => {
  const home = new FaultHome("login-ports-both-held");
  const { code, document } = await home.run("explain Address in use (os error 98)");
  expect(code).toBe(0);
  expect(document).toMatchObject({
    command: "explain",
    matches: [{ id: "login_port_in_use" }],
    findings: [{ id: "login_ports_held", severity: "warning" }],
    nearest: [],
  });
});

test("the time of a reset is read from the text", async () => {
  const { stdout } = await runFake(new TestHome(), [
    "explain",
    "You’ve hit your usage limit. Visit the page or try again at Nov 25th, 2026 1:15 PM.",
    "--json",
  ]);
  const at = (JSON.parse(stdout) as Document).resetsAt;
  expect(at).toBe(new Date(2026, 10, 25, 13, 15).toISOString());
});

test.each([["explain"], ["explain -"]])("%s reads a pipe", async (line) => {
  const text = "Not logged in\n";
  const stdin = {
    isTerminal: false,
    readAll: () => Promise.resolve(text),
    readLine: () => Promise.resolve(text),
  };
  const { code, stdout } = await runFake(new TestHome(), line.split(" "), { stdin });
  expect(code).toBe(0);
  expect(stdout).toContain("[not_logged_in]");
  expect(stdout).toContain("auth.json does not exist");
});

test("a text that is not known is answered with what is nearest, and exit code 1", async () => {
  const { code, stdout } = await runFake(new TestHome(), [
    "explain",
    "the keyring of my folder is sad",
    "--json",
  ]);
  expect(code).toBe(1);
  const { matches, nearest } = JSON.parse(stdout) as Document;
  expect(matches).toEqual([]);
  expect(nearest.map(({ id }) => id)).toContain("keyring_unavailable");
  const plain = await runFake(new TestHome(), ["explain", "zzz"]);
  expect(plain.stdout).toMatch(/^This text is not known\.\nLook at/);
});

test.each(["explain ", "explain -- -"])("%j without a text is refused", async (line) => {
  const stdin = {
    isTerminal: false,
    readAll: () => Promise.resolve(" \n"),
    readLine: () => Promise.resolve(""),
  };
  const { code, stderr } = await runFake(new TestHome(), line.trim().split(" "), { stdin });
  expect([code, stderr]).toEqual([1, expect.stringContaining("There is no text to explain.")]);
});

test("a secret in the text does not come back", async () => {
  const { stdout } = await runFake(new TestHome(), [
    "explain",
    "401 Unauthorized: Authorization: Bearer rt-marked-secret-0123456789",
    "--json",
  ]);
  expect(stdout).not.toContain("marked-secret");
});

// A hundred thousand characters that nearly match: with nested quantifiers this would not end.
test.each(entries)("$id reads a long text in linear time", ({ example, says, status, frame, unless }) => {
  const almost = `${example.slice(0, -2)} `.repeat(Math.ceil(100_000 / example.length));
  for (const text of [almost, " ".repeat(100_000), "model ".repeat(20_000), "`".repeat(100_000)])
    for (const pattern of [says, status, frame, unless]) pattern?.test(text);
});

test.each([...Object.keys(apiErrors), ...Object.keys(commandErrors)])("the code %s is explained", (code) => {
  expect(idsOf(`{"error":{"code":"${code}"}}`)).not.toEqual([]);
  expect(idsOf(code)).not.toEqual([]);
});

test.each(Object.keys(codexErrorGuide))("the class %s of CodexErrorInfo is explained", (name) => {
  expect(idsOf(`"codexErrorInfo":"${name}"`)).not.toEqual([]);
});

test("a message says more than the class beside it", () => {
  const text = `The 'gpt-x' model is not supported when using Codex with a ChatGPT account. Some(Other)`;
  expect(idsOf(text)).toEqual(["model_unknown"]);
  expect(idsOf(`"message":"refresh token was already used","codexErrorInfo":"unauthorized"`)).toEqual([
    "refresh_token_reused",
  ]);
});

// The guide's rows as they stand there, and what it calls their causes.
test.each<[string, readonly string[]]>([
  ...guideErrors.map(({ trouble, explain }): [string, readonly string[]] => [trouble, explain]),
  ["Token expired or API key invalid", ["unauthorized"]],
  ["Usage cap reached", ["usage_limit"]],
  ["Port 1455 already in use (e.g. SSH tunnel) during login", ["login_port_in_use"]],
  ["Network or proxy problem", ["reconnecting"]],
  ["Device Code auth disabled by workspace admin", ["device_login_disabled"]],
  ["Browser callback to localhost didn't complete", ["login_stuck"]],
  ["model field in config.toml is not a valid model name", ["model_unknown"]],
  ["Sandbox mode or approval settings too restrictive", ["sandbox"]],
  ["~/.codex/config.toml has a syntax error", ["config_broken"]],
  ["WSL Codex shares CODEX_HOME with Windows Codex", ["migration_modified"]],
])("the guide's text is known: %s", (text, ids) => {
  expect(ids).toEqual(expect.arrayContaining(idsOf(text).slice(0, 1)));
  expect(idsOf(text)).not.toEqual([]);
});
