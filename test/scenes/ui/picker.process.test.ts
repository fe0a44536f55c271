import { expect, test } from "vitest";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, projectRoot } from "../../support/home.ts";
import { hasTmux, Terminal } from "../../support/tmux.ts";

test.runIf(hasTmux)(
  "switch alone shows a picker: typing filters, arrows move, Enter takes, Esc leaves",
  async () => {
    const home = await homeWithThree();
    await home.run(["label", "2", "work"]);
    const terminal = Terminal.open(home, ["/bin/sh"], { env: { ...home.env, PS1: "$ " } });
    const binary = `${projectRoot}/bin/codex-auth`;
    terminal.type(`clear; ${binary} switch`);
    terminal.press("Enter");
    await terminal.shows("type to filter");
    expect(terminal.screen()).toMatch(/❯ .*recommended/);
    // Two accounts of one e-mail looked alike where the terminal has no room for the plan.
    expect(terminal.screen()).toMatch(/ada@personal\.example \(plus, row 1\)/);
    terminal.type("wor");
    await terminal.shows("Switch to: wor");
    terminal.press("Enter");
    await terminal.shows("Switched to work (dev@team.example).");
    expect(terminal.screen()).not.toContain("type to filter");

    terminal.type(`clear; ${binary} switch; echo code $?`);
    terminal.press("Enter");
    await terminal.shows("type to filter");
    terminal.press("Escape");
    await terminal.shows("code 1");
    expect(terminal.screen()).toContain("Nothing was chosen, so nothing was changed.");

    terminal.type(`clear; ${binary} pause; echo code $?`);
    terminal.press("Enter");
    await terminal.shows("pause, which account:");
    terminal.press("C-c");
    await terminal.shows("code 130");
    // The terminal is as it was: what is typed is seen.
    terminal.type("echo still-here");
    await terminal.shows("echo still-here");
  },
);

test.runIf(hasTmux)(
  "a stop that comes from outside, and Ctrl-Z, take the picker away; fg shows it again, with what was typed",
  async () => {
    const home = await homeWithThree();
    const terminal = Terminal.open(home, ["/bin/sh", "-i"], { env: { ...home.env, PS1: "$ " } });
    for (const how of ["SIGTSTP", "Ctrl-Z"] as const) {
      terminal.type(`clear; ${projectRoot}/bin/codex-auth switch`);
      terminal.press("Enter");
      await terminal.shows("type to filter");
      terminal.type("dev");
      await terminal.shows("Switch to: dev");
      await terminal.stops(how);
      expect(terminal.screen()).not.toContain("type to filter");
      await terminal.goesOn();
      await terminal.shows("Switch to: dev");
      terminal.press("Escape");
      await terminal.shows("Nothing was chosen");
    }
  },
);

test.runIf(hasTmux)("codex auth alone shows what is active and what to use next", async () => {
  const home = await homeWithThree();
  const terminal = Terminal.open(home, ["/bin/sh"], { env: { ...home.env, PS1: "$ " } });
  terminal.type(`clear; ${projectRoot}/bin/codex-auth`);
  terminal.press("Enter");
  await terminal.shows("ada@personal.example (plus, row 1) is active");
  await terminal.shows("What each does: codex auth --help");
});

test.runIf(hasTmux)("codex auth alone names a login of Codex that is not in the pool", async () => {
  const home = await homeWithThree();
  home.write("auth.json", forgeAuthJson({ email: "new@x.example", userId: "user-new" }));
  const terminal = Terminal.open(home, ["/bin/sh"], { env: { ...home.env, PS1: "$ " } });
  terminal.type(`clear; ${projectRoot}/bin/codex-auth`);
  terminal.press("Enter");
  await terminal.shows("The login in auth.json (new@x.example) is not in the pool. Take it in: codex");
});
