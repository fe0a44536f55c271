import { afterEach, expect, test, vi } from "vitest";
import { makeContext } from "../../src/process/real-context.ts";
import { outputOf } from "../../src/process/streams.ts";
import { projectRoot, TestHome } from "../support/home.ts";

afterEach(() => vi.unstubAllEnvs());

function contextWith(more: Record<string, string> = {}) {
  const { path: cwd, env: own } = new TestHome();
  const env = { ...own, ...more };
  const silent = outputOf(() => undefined, env);
  const parts = { packageRoot: projectRoot, commands: [] };
  return { cwd, env, ctx: makeContext({ env, cwd }, { stdout: silent, stderr: silent }, parts) };
}

// `report --open` said nothing: whatever opens pages was started, and that it failed was of no interest.
test.runIf(process.platform === "linux")("a browser that does not start is told", async () => {
  await expect(contextWith().ctx.openUrl("about:blank")).rejects.toThrow("no display");
  for (const [browser, works] of [
    ["/bin/false", false],
    ["/bin/true", true],
  ] as const) {
    vi.stubEnv("BROWSER", browser);
    vi.stubEnv("PATH", "/usr/bin:/bin");
    // Whoever opens pages looks for a display, and for a desktop that has its own way.
    for (const name of ["DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION"])
      vi.stubEnv(name, undefined);
    const opened = () =>
      contextWith({ BROWSER: browser })
        .ctx.openUrl("http://127.0.0.1:9/")
        .then(
          () => "opened",
          (error: unknown) => String(error),
        );
    // What takes longer than a moment to fail, as on a busy machine, counts as a browser that stays.
    await expect.poll(opened).toContain(works ? "opened" : "xdg-open");
  }
});

// A program was run in the folder of the process: not in that of `demo`, whose context has one of its own.
test("a program runs in the folder of the context", async () => {
  const { cwd, env, ctx } = contextWith();
  const inside = { code: 0, output: `${cwd}\n` };
  expect(await ctx.spawn("pwd", [])).toEqual(inside);
  expect(await ctx.run("pwd", [], { env, timeoutMs: 10_000 })).toEqual(inside);
});
