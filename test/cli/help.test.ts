import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandsPage, manualPage } from "../../.ci/pages.ts";
import { makeParser, parseWords } from "../../src/cli/parser.ts";
import { commands } from "../../src/commands/index.ts";
import { projectRoot, runProcess } from "../support/home.ts";

test("docs/commands.md tells what the commands tell", async () => {
  expect(readFileSync(join(projectRoot, "docs/commands.md"), "utf8")).toBe(await commandsPage());
});

test.each(commands)("the examples of $name are lines that it understands", async (entry) => {
  const command = await entry.load();
  const lines = command.examples.map(([line]) => ownWords(line));
  expect(lines.length).toBeGreaterThan(0);
  for (const [name, ...words] of lines) {
    expect(name).toBe(entry.name);
    parseWords(await makeParser(entry, command), words);
  }
});

/** What follows `codex auth` in a shell line, up to a pipe; none of the examples needs more of a shell. */
function ownWords(line: string): string[] {
  const [, own = ""] = /codex auth ([^|]*)/.exec(line) ?? [];
  return [...own.trim().matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? "",
  );
}

test("the manual page has every command, and no line that man does not understand", async () => {
  const page = await manualPage("1.2.3");
  expect(commands.filter(({ name }) => !page.includes(`.SS ${name.replaceAll("-", "\\-")}`))).toEqual([]);
  const { code, stdout, stderr } = await runProcess("sh", ["-c", "command -v groff || true"], {
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect([code, stderr]).toEqual([0, ""]);
  if (stdout === "") return;
  const groff = ["-man", "-Tutf8", "-ww", "-z"];
  expect(await runProcess("groff", groff, { input: page, env: { PATH: process.env["PATH"] ?? "" } })).toEqual(
    {
      code: 0,
      stdout: "",
      stderr: "",
    },
  );
});
