import * as fs from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { readLoginStatus, readPrintedConfig } from "../../src/doctor/startup.ts";
import type { Context } from "../../src/context.ts";
import { runFake } from "../support/fake-context.ts";
import { TestHome } from "../support/home.ts";

/** As 0.171 prints it, beside a line of its log. */
function refusal(detail: string): string {
  const data = { reason: "configLoad", filePath: null, line: null, column: null, detail };
  return `${JSON.stringify({ error: { code: -32600, data, message: "x" } })}\nError: startup configuration unavailable\n`;
}

const loads = '{"appServerVersion":"0.171.0","configRequirements":{"requirements":null}}\n';

test("the answers of Codex are told apart", () => {
  expect(readPrintedConfig(loads)).toEqual({ kind: "loads" });
  expect(readPrintedConfig(refusal("/h/config.toml:2:7: invalid type: x\nmore"))).toEqual({
    kind: "refused",
    sentence: "invalid type: x\nmore",
    place: { file: "/h/config.toml", line: 2, column: 7 },
    unknownKey: null,
  });
  expect(readPrintedConfig(refusal("Model provider `x` not found"))).toMatchObject({ place: null });
  expect(readPrintedConfig(refusal("/h/c.toml:1:1: unknown configuration field `a.b`"))).toMatchObject({
    unknownKey: "a.b",
  });
  for (const other of [
    "",
    "error: unexpected argument '--print-startup-config' found\n",
    '{"error":{}}',
    "{",
  ])
    expect(readPrintedConfig(other)).toEqual({ kind: "none" });
  expect(readLoginStatus("Not logged in\n")).toEqual({ kind: "loads" });
  expect(
    readLoginStatus("Error loading configuration: missing field `persistence`\nin `history`\n"),
  ).toMatchObject({
    kind: "refused",
    sentence: "missing field `persistence`\nin `history`",
  });
  expect(readLoginStatus("sh: codex: not found\n")).toEqual({ kind: "none" });
});

interface Asked {
  args: readonly string[];
  env: Context["env"];
  login: string;
}

/** `doctor --only config` where PATH leads to a program that answers like that; `{home}` is the home that it was given. */
async function doctor(config: string, answer: (args: readonly string[]) => string) {
  const home = new TestHome();
  home.write(".codex/config.toml", config);
  home.write(".codex/auth.json", { OPENAI_API_KEY: "sk-test-real" });
  fs.mkdirSync(home.file("bin"));
  fs.writeFileSync(home.file("bin/codex"), "\x7fELF", { mode: 0o755 });
  const asked: Asked[] = [];
  const run: Context["run"] = (_, args, { env }) => {
    const folder = env["CODEX_HOME"] ?? "";
    asked.push({ args, env, login: fs.readFileSync(`${folder}/auth.json`, "utf8") });
    return Promise.resolve({ code: 0, output: answer(args).replaceAll("{home}", folder) });
  };
  const env = {
    HOME: home.path,
    CODEX_HOME: home.file(".codex"),
    PATH: home.file("bin"),
    CODEX_API_KEY: "sk-test-other",
    HTTPS_PROXY: "http://127.0.0.1:9",
  };
  const finished = await runFake(home, ["doctor", "--only", "config", "--json"], { env, run });
  const { findings } = JSON.parse(finished.stdout) as {
    findings: { id: string; message: string; evidence: string[]; fix: string | null }[];
  };
  return { home, asked, findings };
}

test("what Codex refuses and no table has is shown in its words, with the place in the real file", async () => {
  const { home, findings, asked } = await doctor('[notice]\nx = "true"\n', () =>
    refusal("{home}/config.toml:2:5: invalid type: string, expected a boolean"),
  );
  expect(findings).toMatchObject([
    {
      id: "codex_refuses_config",
      message: `Codex does not start: ${home.file(".codex/config.toml")}:2:5: invalid type: string, expected a boolean.`,
      evidence: ['2: x = "true"'],
    },
  ]);
  expect(asked.map(({ args }) => args.at(-1))).toContain("--print-startup-config");
});

test("Codex is given a throw-away home beside the real one, a forged login, and no variable that could lead it out", async () => {
  const { home, asked } = await doctor("", () => loads);
  expect(asked.length).toBeGreaterThan(0);
  for (const { env, login } of asked) {
    expect(dirname(env["CODEX_HOME"] ?? "")).toBe(home.path);
    expect(login).toContain("sk-forged");
    expect(Object.keys(env).sort()).toEqual(["CODEX_HOME", "HOME", "PATH", "TERM"]);
  }
  expect(fs.readdirSync(home.path).sort()).toEqual([".codex", "bin"]);
  expect(home.read(".codex/auth.json")).toContain("sk-test-real");
});

test("what our tables call broken is dropped where Codex takes it", async () => {
  const { findings } = await doctor("model_context_window = 1.5\n", () => loads);
  expect(findings).toEqual([]);
});

test("what our tables explain is not told twice", async () => {
  const { findings } = await doctor('model_context_window = "5"\n', () =>
    refusal("{home}/config.toml:1:24: invalid type: string"),
  );
  expect(findings.map(({ id }) => id)).toEqual(["config_value_invalid"]);
});

test("a file that is missing only in the throw-away home is no fault", async () => {
  const { findings } = await doctor('x = "prompts/a.md"\n', () =>
    refusal(
      "failed to read model instructions file {home}/config.toml: No such file or directory (os error 2)",
    ),
  );
  expect(findings).toEqual([]);
});

test("every key that Codex passes over is asked for, and one question is one key", async () => {
  const keys = ["a", "t.b"];
  const places = ["1:1", "3:7"];
  let strict = 0;
  const { findings } = await doctor("a = 1\n[t]\nm = { b = 1, c = 2 }\n", (args) => {
    if (!args.includes("--strict-config") || strict === keys.length) return loads;
    const detail = `{home}/config.toml:${places[strict]}: unknown configuration field \`${keys[strict]}\``;
    strict += 1;
    return refusal(detail);
  });
  expect(
    findings.filter(({ id }) => id === "key_ignored").map(({ evidence }) => evidence[0]?.split(":").at(-1)),
  ).toEqual(["1", "3"]);
});

test("a program that answers something else, or not at all, decides nothing", async () => {
  for (const answer of ["", "usage: codex [-h]\n"]) {
    const { findings } = await doctor("model_context_window = 1.5\n", () => answer);
    expect(findings.map(({ id }) => id)).toEqual(["config_value_invalid"]);
  }
});

// The advice made of a key that Codex ignored one that stopped it: there is no approval_policy "full-auto".
test("a key is given its right name only where Codex takes its value there", async () => {
  const { findings } = await doctor('approval_mode = "full-auto"\n', () => "");
  const fits = await doctor('approval_mode = "never"\n', () => "");
  expect(findings[0]?.fix).toContain("'1s/^/# /'");
  expect(fits.findings[0]?.fix).toContain("'1s/approval_mode/approval_policy/'");
});
