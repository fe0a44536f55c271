import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../support/home.ts";

const binary = join(projectRoot, "bin/codex-auth");

interface Demo {
  readonly ok: boolean;
  readonly message: string;
  readonly steps: { line: string; exitCode: number | null; status: number | null; output: string }[];
}

async function demo(...options: string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", NO_COLOR: "1" };
  const words = ["gateway", "demo", ...options];
  const { stdout } = await promisify(execFile)(binary, words, { env, timeout: 110_000 });
  return stdout;
}

test("the demo of the gateway makes a key, asks, hits the limit, shows the use, revokes, and leaves nothing", async () => {
  const { ok, message, steps } = JSON.parse(await demo("--json")) as Demo;
  expect(ok).toBe(true);
  expect(steps.flatMap(({ exitCode }) => exitCode ?? [])).toEqual(
    steps.flatMap(({ exitCode }) => (exitCode === null ? [] : 0)),
  );
  expect(steps.flatMap(({ status }) => status ?? [])).toEqual([200, 200, 403, 200, 429, 401]);
  expect(steps.map(({ output }) => output).join("\n")).toMatch(/requests\/5h: 3 of 3 used/);
  const home = /\S*codex-auth-demo-\w+/.exec(message)?.[0] ?? "";
  expect([home === "", existsSync(home)]).toEqual([false, false]);
});

test("for people it is a story of lines that may be typed", async () => {
  const text = await demo();
  expect(text).toMatch(/^\$ codex[ -]auth gateway key create ci .*$/m);
  expect(text).toMatch(/^429 \{"error":\{"message":"The limit of this API key is used up/m);
  expect(text).not.toMatch(/\\u00/);
  expect(text).toMatch(/^added\t\S+@/m);
});
