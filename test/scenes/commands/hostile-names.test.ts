import { expect, test } from "vitest";
import { TestHome, threeLogins } from "../../support/home.ts";

/** As the claims of a token may say it: it clears the screen, turns the direction, and adds a line. */
const hostile = "ada\u001b[2J\u202e\nActive: eve@x.example";

const lines: readonly string[][] = [
  ["list"],
  ["status"],
  ["switch", "2"],
  ["switch", "1", "--dry-run"],
  ["pause", "2"],
  ["resume", "2"],
  ["forecast"],
  ["why"],
  ["guard"],
  ["report"],
  ["watch"],
  ["doctor"],
  ["fix", "--dry-run"],
  ["verify-flagged", "--dry-run"],
  ["use-here", "2"],
  ["statusline"],
  ["export", "2", "--out", "copy.json"],
  ["label", "2", "work"],
  ["gateway", "accounts"],
  ["remove", "3"],
];

// Found here: watch printed the line break of an e-mail, and so a line that nobody had meant.
test("no command lets an e-mail act on the terminal or make a line of its own", async () => {
  const home = new TestHome();
  const [a, b, c] = [threeLogins["a"], threeLogins["b"], threeLogins["c"]].map((login, at) =>
    Object.assign({}, login, { email: `${hostile}${at}` }),
  );
  if (!a || !b || !c) throw new Error("There are three logins.");
  home.writeLogins({ a, b, c });
  const { code } = await home.run(["import", home.file("logins")]);
  expect(code).toBe(0);
  for (const argv of lines) {
    const { stdout, stderr } = await home.run(argv, { cwd: home.path });
    const said = stdout + stderr;
    expect([argv.join(" "), /[\u0000-\u0008\u000b-\u001f\u007f\u202e]|^Active: eve/m.exec(said)]).toEqual([
      argv.join(" "),
      null,
    ]);
  }
});
