import { linkSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TestHome } from "../../support/home.ts";
import { runFake } from "../../support/fake-context.ts";

// Its other names kept the old text, and nobody was told.
test("a config.toml that is a hard link is detached by a change, which is said once", async () => {
  const home = new TestHome();
  const before = 'cli_auth_credentials_store = "keyring-nonsense"\n[a]\nx = 1\n\n[a]\ny = 2\n';
  const other = home.file("dotfiles.toml");
  linkSync(home.write("config.toml", before), other);
  const told = "was a hard link and is a file of its own now: its other names keep the text from before.";
  const first = await runFake(home, ["fix"]);
  expect(home.read("config.toml")).not.toBe(before);
  expect(readFileSync(other, "utf8")).toBe(before);
  expect(first.stderr.split(told)).toHaveLength(2);
  expect((await runFake(home, ["fix"])).stderr).not.toContain(told);
});
