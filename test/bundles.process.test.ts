import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../.ci/bundle.mjs";
import { dailyNames } from "../src/commands/contents.ts";
import { projectRoot, TestHome } from "./support/home.ts";

async function inputsOf(entry: string): Promise<string[]> {
  const constants = { CODEX_AUTH_VERSION: "0", CODEX_AUTH_BUILDS: { program: "0", daily: "0" } };
  const { metafile } = await bundle(entry, new TestHome().file("bundle.cjs"), constants);
  return Object.keys(metafile.inputs);
}

/** What belongs to serving, signing in and examining: the daily commands do without. */
const heavy =
  /^src\/(?:proxy|gateway|chat|budget|database|compat)\/|^src\/auth\/(?:sign-in\/|renew\/(?:refresh|token-endpoint)\.)|^src\/doctor\/(?:support-file\/|explain\/|index\.|checks\/(?:databases|disk|locks|network|pool|rotation))|^node_modules\/(?:zod|open|fzstd)\//;

// A test that ran beside a build ran an empty program, which ended with 0 and had done nothing.
test("a program that is built anew is replaced as a whole", async () => {
  const file = new TestHome().file("program.cjs");
  const build = () => bundle("src/general-help.ts", file, { CODEX_AUTH_VERSION: "0" });
  await build();
  const [text, opened] = [readFileSync(file, "utf8"), openSync(file, "r")];
  await build();
  expect(fstatSync(opened).ino).not.toBe(statSync(file).ino);
  expect([readFileSync(opened, "utf8"), readFileSync(file, "utf8")]).toEqual([text, text]);
  closeSync(opened);
});

test("the daily program has its commands, and nothing of doctor, proxy, gateway and sign-in", async () => {
  const inputs = await inputsOf("src/daily.ts");
  expect(inputs.filter((name) => heavy.test(name))).toEqual([]);
  const commands = readdirSync(join(projectRoot, "src/commands")).filter((name) => name.endsWith(".ts"));
  const tables = ["contents.ts", "hooks.ts", "overview.ts"];
  const others = commands.filter(
    (name) => ![...dailyNames.map((each) => `${each}.ts`), ...tables].includes(name),
  );
  expect(others.length).toBeGreaterThan(15);
  expect(others.filter((name) => inputs.includes(`src/commands/${name}`))).toEqual([]);
});

test("the whole program has what the daily one has not", async () => {
  const inputs = await inputsOf("src/main.ts");
  expect(inputs.filter((name) => heavy.test(name)).length).toBeGreaterThan(100);
});

test("help and refusals need no command, and starting needs no help", async () => {
  expect((await inputsOf("src/general-help.ts")).filter((name) => name.startsWith("node_modules/"))).toEqual(
    expect.not.arrayContaining([expect.stringContaining("commander")]),
  );
  expect((await inputsOf("src/start.ts")).length).toBeLessThan(30);
});

test("TAB reads names that are kept, and takes no part of what makes them", async () => {
  const taken = async (entry: string) => {
    const { metafile } = await bundle(entry, new TestHome().file("bundle.cjs"), {});
    const [output] = Object.values(metafile.outputs);
    return Object.entries(output?.inputs ?? {}).flatMap(([name, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [name] : [],
    );
  };
  const makers = ["src/codex/claims.ts", "src/store/atomic-write.ts", "src/ui/ui.ts"];
  expect(await taken("src/offer.ts")).toEqual(expect.arrayContaining(makers));
  expect((await taken("src/complete.ts")).filter((name) => makers.includes(name))).toEqual([]);
});
