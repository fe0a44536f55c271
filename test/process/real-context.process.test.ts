import { expect, test } from "vitest";
import { makeContext } from "../../src/process/real-context.ts";
import { outputOf } from "../../src/process/streams.ts";
import { projectRoot, TestHome } from "../support/home.ts";

// A program was run in the folder of the process: not in that of `demo`, whose context has one of its own.
test("a program runs in the folder of the context", async () => {
  const { path: cwd, env } = new TestHome();
  const silent = outputOf(() => undefined, env);
  const parts = { packageRoot: projectRoot, commands: [] };
  const ctx = makeContext({ env, cwd }, { stdout: silent, stderr: silent }, parts);
  const inside = { code: 0, output: `${cwd}\n` };
  expect(await ctx.spawn("pwd", [])).toEqual(inside);
  expect(await ctx.run("pwd", [], { env, timeoutMs: 10_000 })).toEqual(inside);
});
