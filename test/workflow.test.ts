import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "./support/home.ts";

const read = (name: string) => readFileSync(join(projectRoot, name), "utf8");
const workflow = read(".github/workflows/ci.yml");

test("the hosted workflow runs the commands of the README and .ci/run, on every system and Node", () => {
  const promised = [...read("README.md").matchAll(/^npm install && .+$/gm)].map(([line]) => line);
  expect(promised).toHaveLength(2);
  expect([...promised, ".ci/run"].filter((line) => !workflow.includes(`run: ${line}\n`))).toEqual([]);
  expect(workflow).toContain(
    "os: [ubuntu-latest, macos-latest, windows-latest]\n        node: [20, 22, 24]\n",
  );
});

test("it publishes on a tag only, with provenance, and only there may it sign", () => {
  const [before = "", publish = ""] = workflow.split("\n  publish:\n");
  expect(publish).toContain("if: startsWith(github.ref, 'refs/tags/v')\n");
  expect(publish).toContain("needs: [suite, everything]\n");
  expect(publish).toContain("npm publish --provenance");
  expect(before).not.toMatch(/id-token|secrets\.|npm publish/);
});

test("no step gives a text of others to a shell", () => {
  const runs = [...workflow.matchAll(/^ *- ?(?:name: .*\n *)?run: (.*)$/gm)].map(([, line = ""]) => line);
  expect(runs.length).toBeGreaterThan(6);
  expect(runs.filter((line) => line.includes("${{"))).toEqual([]);
});
