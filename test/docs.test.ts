import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { documentTypes } from "../.ci/document-types.ts";
import { jsonPage } from "../.ci/json-page.ts";
import { libraryPage } from "../.ci/library-page.ts";
import { forecastPicture } from "../.ci/picture.ts";
import { commands } from "../src/commands/index.ts";
import { findContent } from "../src/program/command.ts";
import { makeParser } from "../src/program/parser.ts";
import { projectRoot } from "./support/home.ts";

const docs = readdirSync(join(projectRoot, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ...docs].map((name) => ({
  name,
  text: readFileSync(join(projectRoot, name), "utf8"),
}));

const fence = /^ *```.*\n([\s\S]*?)^ *```/gm;

/** Links that lead into the project, not to a web site. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(fence, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, to = ""]) => (/^\w+:/.test(to) ? [] : [to]));
}

/** The anchors of the headings, as GitHub and npm make them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

test("every link of a page leads to a file of the package, and to a heading that is there", () => {
  const { files } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    files: string[];
  };
  const packed = ["README.md", "LICENSE", ...files];
  let seen = 0;
  for (const { name, text } of pages) {
    for (const link of linksOf(text)) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? join(projectRoot, name) : resolve(projectRoot, dirname(name), path);
      expect([name, link, existsSync(target)]).toEqual([name, link, true]);
      const [first = ""] = relative(projectRoot, target).split("/");
      expect([name, link, packed]).toEqual([name, link, expect.arrayContaining([first])]);
      if (anchor !== undefined)
        expect([name, link, anchorsOf(readFileSync(target, "utf8"))]).toContainEqual(
          expect.arrayContaining([anchor]),
        );
      seen += 1;
    }
  }
  expect(seen).toBeGreaterThan(10);
});

/** Commands of ours in code: what follows `codex auth`, up to where the shell or the sentence goes on. */
function linesOf(text: string): string[] {
  const fenced = [...text.matchAll(fence)].map(([, code = ""]) => code);
  // Two backquotes around a text that holds single ones.
  const spans = text.replaceAll(fence, "").matchAll(/(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)/gs);
  const inline = [...spans].map(([, , code = ""]) => code.replaceAll(/\s+/g, " "));
  return [...fenced.flatMap((code) => code.split("\n")), ...inline].flatMap((line) =>
    [...line.matchAll(/\bcodex[ -]auth ([a-z][\w-]*[^|#;&)]*)/g)].map(([, rest = ""]) => rest.trim()),
  );
}

test("every command in the pages is one of ours, with options that it has", async () => {
  const lines = pages.flatMap(({ name, text }) => linesOf(text).map((line) => ({ name, line })));
  expect(lines.length).toBeGreaterThan(100);
  for (const { name, line } of lines) {
    const [word = "", ...rest] = line.split(/\s+/);
    const entry = findContent(commands, word);
    expect([name, line, entry?.name]).toEqual([name, line, expect.any(String)]);
    if (!entry) continue;
    const parser = await makeParser(entry, await entry.load());
    const known = ["--json", "--no-color", "--help", ...parser.options.map(({ long }) => long)];
    const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
    const flags = own.flatMap((each) => /^\[?(--[a-z][\w-]*)/.exec(each)?.[1] ?? []);
    for (const flag of flags)
      expect([name, line, known]).toEqual([name, line, expect.arrayContaining([flag])]);
  }
});

test("the table of docs/library.md is the guide of the library (npm run docs)", () => {
  const page = readFileSync(join(projectRoot, "docs/library.md"), "utf8");
  expect(page).toBe(libraryPage(page));
});

test("the types of the documents are those of the schemas (npm run docs)", async () => {
  const bare = (text: string) => text.replaceAll(/[\s()"|;]/g, "");
  const types = readFileSync(join(projectRoot, "src/document-types.ts"), "utf8");
  expect(bare(types)).toBe(bare(await documentTypes()));
});

test("the tables of docs/json.md are those of the schemas (npm run docs)", async () => {
  const page = readFileSync(join(projectRoot, "docs/json.md"), "utf8");
  expect(page).toBe(await jsonPage(page));
  for (const { name } of commands) expect(page).toContain(`| \`${name}\` `);
});

test("the picture of the README is what forecast shows of the demo (npm run picture)", async () => {
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 10, 20, 12));
  onTestFinished(() => clock.mockRestore());
  const picture = readFileSync(join(projectRoot, "docs/forecast.svg"), "utf8");
  expect(picture).toBe(await forecastPicture(projectRoot));
});
