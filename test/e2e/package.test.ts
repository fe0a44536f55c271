import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forgeAuthJson } from "../support/forge.ts";
import { nodeIn, otherNodes, packagePrefix, root } from "./install.mjs";
import { codexVersion, environment } from "./support/codex.ts";
import { readAuthJson, temporaryHome, writeAuthJson } from "./support/home.ts";

const prefix = packagePrefix();
const installed = join(prefix, "lib/node_modules/codex-auth");

function runIn(home: string, command: string, args: readonly string[]): string {
  const path = `${join(prefix, "bin")}:${process.env["PATH"]}`;
  const env = environment({ home, env: { PATH: path } });
  return execFileSync(command, args, { cwd: home, env, encoding: "utf8" });
}

test("the package stands beside @openai/codex, each with its own command", () => {
  const home = temporaryHome();
  expect(runIn(home, join(prefix, "bin/codex"), ["--version"])).toBe(`codex-cli ${codexVersion}\n`);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  expect(runIn(home, join(prefix, "bin/codex-auth"), ["--version"])).toBe(`${version}\n`);
  expect(existsSync(join(prefix, "share/man/man1/codex-auth.1"))).toBe(true);
});

test("the installed bin/codex hands auth to us and the rest to the real Codex", () => {
  const home = temporaryHome();
  const dispatcher = join(installed, "bin/codex");
  expect(runIn(home, dispatcher, ["--version"])).toBe(`codex-cli ${codexVersion}\n`);
  expect(runIn(home, dispatcher, ["auth", "list"])).toContain("No accounts yet.");
});

const nodes: [string, string][] = [
  [process.version, process.execPath],
  ...otherNodes.map((major): [string, string] => [major, nodeIn(major)]),
];

test.each(nodes)("the installed package imports, switches and looks after itself on Node %s", (_, node) => {
  const home = temporaryHome();
  const auth = (line: string) => runIn(home, node, [join(installed, "bin/codex-auth"), ...line.split(" ")]);
  for (const name of ["a", "b"]) {
    writeAuthJson(
      join(home, "auth.json"),
      forgeAuthJson({ email: `${name}@example.com`, userId: name, accountId: name }),
    );
    auth("import");
  }
  // Twice each: the second command runs from the code cache that the first one left.
  for (const [row, email] of [
    ["1", "a"],
    ["2", "b"],
    ["1", "a"],
  ] as const) {
    expect(auth(`switch ${row}`)).toContain(`${email}@example.com`);
    expect(readAuthJson(home).tokens.account_id).toBe(email);
  }
  expect(JSON.parse(auth("list --json"))).toMatchObject({ command: "list", ok: true });
  expect(auth("exec 2 -- printenv CODEX_AUTH_ACCOUNT")).toBe("b@example.com\n");
  expect(auth("uninstall --yes --forget-accounts")).toContain("Removed:");
  expect(existsSync(join(home, "codex-auth"))).toBe(false);
});

/** The lines after `$ ` of the README's first console, each with what it printed there. */
function readmeSteps(): { line: string; shown: string }[] {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const [, console = ""] = /```console\n(.*?)```/s.exec(text) ?? [];
  return console
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [line = "", ...shown] = step.split("\n");
      return { line: line.replace(/\s+#.*$/, ""), shown: shown.join("\n").trim() };
    });
}

test("who follows the README gets from nothing to a switched account, and sees what it shows", () => {
  const home = temporaryHome();
  const user = join(home, "..");
  const login = (email: string, accountId: string, plan: string) =>
    forgeAuthJson({ email, accountId, userId: accountId, plan, expiresInSec: 9 * 86_400 + 8.5 * 3600 });
  mkdirSync(join(user, "logins"));
  const personal = login("ada@personal.example", "personal", "plus");
  writeAuthJson(join(home, "auth.json"), personal);
  writeAuthJson(join(user, "logins/personal.json"), personal);
  writeAuthJson(join(user, "logins/work.json"), login("dev@team.example", "work", "business"));
  const steps = readmeSteps();
  expect(steps.length).toBeGreaterThan(5);
  for (const { line, shown } of steps) {
    // What `eval "$(codex-auth init bash)"` makes of it.
    const script = `eval "$(codex-auth init bash)"; ${line}`;
    // The README shows what a terminal shows; in a pipe there are tabs and no header.
    writeFileSync(join(user, "step.sh"), `stty cols 250\nexport NO_COLOR=1\n${script}\n`);
    const terminal = runIn(home, "script", ["-qec", `bash ${join(user, "step.sh")}`, "/dev/null"]);
    const printed = terminal.replaceAll("\r", "").replaceAll(user, "/home/ada").trim();
    expect({ line, printed }).toEqual({ line, printed: shown });
  }
  expect(readAuthJson(home).tokens.account_id).toBe("work");
});
