import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandsPage, manualPage } from "../../.ci/pages.ts";
import { commands } from "../../src/commands/index.ts";
import { makeParser, parseWords } from "../../src/program/parser.ts";
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

// Such a command runs without commander, where it was given none: it must be what commander would have said.
test("a command without words of its own gets none and no options", async () => {
  const names: string[] = [];
  for (const entry of commands) {
    const command = await entry.load();
    if (command.flags !== null) continue;
    names.push(entry.name);
    const { args, options } = parseWords(await makeParser(entry, command), ["--json", "--no-color"]);
    expect(args).toEqual([]);
    expect(options).toEqual({ json: true, color: false, wordsBeforeDashes: 0 });
  }
  expect(names).toContain("list");
});

test.each([
  ["gateway", ["key", "create", "ci", "--now"], "--now does not belong to key create."],
  ["gateway", ["usage", "ci", "--limit", "requests=1/day"], "--limit does not belong to usage."],
  ["rotation", ["status", "--port", "1"], "--port does not belong to status."],
])("%s %j: an option of other words is refused, not passed over", async (name, words, message) => {
  const entry = commands.find((each) => each.name === name);
  if (!entry) throw new Error("There is no such command.");
  const parser = await makeParser(entry, await entry.load());
  expect(() => parseWords(parser, words)).toThrow(message);
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
