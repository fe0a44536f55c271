import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as library from "../src/index.ts";
import { forgeAuthJson } from "./support/forge.ts";
import { projectRoot, TestHome } from "./support/home.ts";
import { NpmUser } from "./support/npm-user.ts";

const page = readFileSync(join(projectRoot, "docs/library.md"), "utf8");
const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, text = ""], at) => ({
  name: `example-${at}.ts`,
  text,
}));

let user: NpmUser;
beforeAll(() => {
  user = new NpmUser();
  for (const { name, text } of examples) user.write(name, text);
}, 120_000);
afterAll(() => user.close());

/** Two accounts, of which one is live. */
async function homeOfExamples(): Promise<TestHome> {
  const home = new TestHome();
  for (const name of ["a", "b"]) {
    home.write("auth.json", forgeAuthJson({ email: `${name}@example.com`, userId: name, accountId: name }));
    await home.run(["import"]);
  }
  await home.run(["switch", "1"]);
  return home;
}

test.each(
  examples.map(({ name, text }) => [/import [^;]*?from "([^"]+)";/.exec(text)?.[1] ?? "", name, text]),
)("what docs/library.md says of %s prints what it says: %s", async (_, name, text) => {
  const home = await homeOfExamples();
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.path, CODEX_HOME: home.path };
  const told = [...text.matchAll(/\); \/\/ (.*)$/gm)].map(([, line]) => line);
  expect(told.length).toBeGreaterThan(0);
  expect(user.run(join(user.folder, name), env)).toEqual(told);
});

test("every function of the library has its example", () => {
  const shown = examples.map(({ text }) => text).join("\n");
  const missing = Object.keys(library).filter((name) => !new RegExp(`\\b${name}\\b`).test(shown));
  expect(missing).toEqual([]);
});

test("the examples compile strictly, with Node's types and without skipLibCheck", () => {
  user.addNodeTypes();
  expect(
    user.compile(
      examples.map(({ name }) => name),
      "--types",
      "node",
    ),
  ).toBe("");
});

test.each(["codex-auth", "codex-auth/errors", "codex-auth/store", "codex-auth/proxy"])(
  "the types of %s need neither @types/node nor skipLibCheck",
  (door) => {
    const text = `import * as all from "${door}";\nexport const names: string[] = Object.keys(all);\n`;
    expect(user.compile([user.write("door.ts", text)], "--types", "")).toBe("");
  },
);

test("a switch over the names of CodexErrorInfo is checked for every case", () => {
  const cases = (names: readonly string[]) =>
    [
      'import { codexErrorName, type CodexErrorInfo } from "codex-auth/errors";',
      "export function told(info: CodexErrorInfo): number {",
      "  switch (codexErrorName(info)) {",
      ...names.map((name) => `    case "${name}": return 1;`),
      "  }",
      "}",
    ].join("\n");
  const all = [...Object.keys(library.codexErrorGuide), "unknown"];
  expect(user.compile([user.write("all.ts", cases(all))], "--types", "")).toBe("");
  const short = user.compile([user.write("short.ts", cases(all.slice(1)))], "--types", "");
  expect(short).toContain("error TS2366");
});

test("what another door throws is the CodexAuthError of each", () => {
  const script = user.write(
    "same.ts",
    `import * as all from "codex-auth"; import { CodexAuthError } from "codex-auth/errors"; import { startRotationProxy } from "codex-auth/proxy"; import { openStore } from "codex-auth/store";
     const error = await startRotationProxy({ store: openStore(), key: "short", renew: () => Promise.reject() }).catch((e: unknown) => e);
     console.log(error instanceof CodexAuthError, error instanceof all.CodexAuthError);`,
  );
  expect(user.run(script, { HOME: user.folder })).toEqual(["true true"]);
});

test("codex-auth/errors opens one file more than itself, and nothing of Node", () => {
  expect(user.importsOf("errors.js")).toEqual(["./errors/codex-auth-error.js"]);
  expect(user.importsOf("errors/codex-auth-error.js")).toEqual([]);
});
