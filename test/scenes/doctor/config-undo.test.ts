import * as fs from "node:fs";
import { expect, test } from "vitest";
import { resolvePaths } from "../../../src/machine/paths.ts";
import { currentProcess } from "../../../src/machine/processes.ts";
import { openFileStore } from "../../../src/store/file-store.ts";
import { testNowMs } from "../../support/fake-context.ts";
import { FaultHome } from "../../support/fault-home.ts";
import { TestHome } from "../../support/home.ts";

test.each([
  "config-syntax-error",
  "config-typo-typographic-quotes",
  "config-duplicate-table",
  "sandbox-mode-unknown",
  "value-wrong-type",
  "provider-nameless",
  "wire-api-chat",
])("what fix did to config.toml in %s can be taken back", async (name) => {
  const home = new FaultHome(name);
  const read = () => fs.readFileSync(home.home.file("config.toml"), "utf8");
  const before = read();
  const { document } = await home.run("fix");
  const { changes } = document as { changes: { undo: string | null }[] };
  expect(fs.existsSync(home.home.file("config.toml")) && read()).not.toBe(before);
  await home.run((changes[0]?.undo ?? "").replace("codex auth ", ""));
  expect(read()).toBe(before);
});

function storeOf(home: TestHome) {
  const paths = resolvePaths({ CODEX_HOME: home.path }, home.path, home.path);
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return openFileStore(paths, { fs, now: () => testNowMs, sleep, self: currentProcess });
}

test("a config.toml that somebody corrected meanwhile is not moved aside", async () => {
  const home = new TestHome();
  fs.writeFileSync(home.file("config.toml"), "a = 1\n");
  await expect(storeOf(home).moveConfigAside("a = [\n")).rejects.toMatchObject({ code: "store_changed" });
  expect(fs.readFileSync(home.file("config.toml"), "utf8")).toBe("a = 1\n");
});

test("behind a link the file is moved, and the link stays", async () => {
  const home = new TestHome();
  fs.mkdirSync(home.file("dotfiles"));
  fs.writeFileSync(home.file("dotfiles/config.toml"), "a = [\n");
  fs.symlinkSync(home.file("dotfiles/config.toml"), home.file("config.toml"));
  await storeOf(home).moveConfigAside("a = [\n");
  expect(fs.readlinkSync(home.file("config.toml"))).toBe(home.file("dotfiles/config.toml"));
  expect(fs.readdirSync(home.file("dotfiles"))).toEqual(["config.toml.broken-20261120T120000000Z"]);
});

test("a config.toml in UTF-16 is written in UTF-8, and its bytes are kept", async () => {
  const home = new FaultHome("config-syntax-error");
  const path = home.home.file("config.toml");
  const before = Buffer.from('\uFEFFmodel = "grüß"\r\n', "utf16le");
  fs.writeFileSync(path, before);
  const { document } = await home.run("fix");
  const { changes } = document as { changes: { undo: string | null }[] };
  expect(fs.readFileSync(path, "utf8")).toBe('model = "grüß"\r\n');
  const backup = changes[0]?.undo?.split(" ").at(-1) ?? "";
  expect(fs.readFileSync(home.home.file(`codex-auth/backups/${backup}/config.toml`)).equals(before)).toBe(
    true,
  );
});
