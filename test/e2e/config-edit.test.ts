import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { editConfig } from "../../src/codex/config/edit.ts";
import { root } from "./install.mjs";
import { codexVersion, runCodex } from "./support/codex.ts";
import { temporaryHome } from "./support/home.ts";

const folder = join(root, "fixtures/config-toml");
const names = readdirSync(folder).filter((name) => name.endsWith(".toml") && !name.startsWith("broken"));

test.each(names)("codex reads %s after an edit", async (name) => {
  const edited = editConfig(readFileSync(join(folder, name), "utf8"), [
    { path: ["cli_auth_credentials_store"], value: "file" },
    { path: ["features", "web_search"], value: undefined },
    { path: ["model_providers", "with a blank", "name"], value: "Proxy" },
    { path: ["model_providers", "with a blank", "base_url"], value: "http://127.0.0.1:9/v1" },
  ]);
  const home = temporaryHome();
  writeFileSync(join(home, "config.toml"), edited);
  const { stderr } = await runCodex(codexVersion, ["login", "status"], { home });
  expect(stderr).toBe("Not logged in\n");
});

test("codex and we see the same place in a broken file", async () => {
  const home = temporaryHome();
  writeFileSync(join(home, "config.toml"), readFileSync(join(folder, "broken-string.toml")));
  const { status, stderr } = await runCodex(codexVersion, ["login", "status"], { home });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("config.toml:2:25: ") });
});
