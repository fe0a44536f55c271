import { readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FaultHome } from "../support/fault-home.ts";
import { spellings } from "../support/spellings.ts";

const marked = "marked-secret-value-0123456789";

/** Every token in the pool and in auth.json. */
function tokensOf(home: FaultHome): string[] {
  const texts = [home.home.read("auth.json"), home.home.read("codex-auth/pool.json")].join();
  return [...texts.matchAll(/"(?:id_token|access_token|refresh_token)": ?"([^"]+)"/g)].map(
    ([, token = ""]) => token,
  );
}

test("a support file holds no token, no secret of the settings and no e-mail address, in any spelling", async () => {
  const home = new FaultHome("healthy");
  const tokens = tokensOf(home);
  expect(tokens.length).toBeGreaterThan(8);
  home.home.write(
    "config.toml",
    [
      'model = "gpt-5.2-codex"',
      `# ${marked}-0`,
      "[model_providers.lb]",
      'name = "lb"',
      `base_url = "https://user:${marked}-1@gateway.example/v1?key=${marked}-2"`,
      `experimental_bearer_token = "${marked}-3"`,
      `http_headers = { "X-Team" = "${marked}-4" }`,
      "[mcp_servers.x]",
      `args = ["--pass", "${marked}-5"]`,
      `env = { A = "${marked}-6" }`,
    ].join("\n"),
  );
  const [token = ""] = tokens;
  const log = [...spellings(token), `Authorization: Bearer ${marked}-7`, "login of ada@personal.example"];
  home.home.write("log/codex-login.log", `${log.join("\n")}\n`);
  Object.assign((home.scene.env ??= {}), {
    CODEX_API_KEY: `${marked}-8`,
    HTTPS_PROXY: `http://u:${marked}-9@proxy.example:1`,
  });
  const out = home.home.file("bundle.json");
  const { document } = await home.run(`doctor --bundle ${out}`);
  expect(document).toMatchObject({ bundle: "<home>/bundle.json" });
  const text = readFileSync(out, "utf8");
  const secrets = [...tokens, ...Array.from({ length: 10 }, (_, index) => `${marked}-${index}`)];
  expect(secrets.flatMap(spellings).filter((secret) => text.includes(secret))).toEqual([]);
  expect(text).not.toMatch(/@[\w.-]+\.example/);
  expect(text).not.toContain(home.home.path);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  // And yet it is of use.
  expect(JSON.parse(text)).toMatchObject({
    doctor: { summary: { status: "error" } },
    config: { model: "gpt-5.2-codex", model_providers: { lb: { experimental_bearer_token: "[redacted]" } } },
    environment: { CODEX_API_KEY: "[set]", LANG: "C.UTF-8" },
    accounts: [{ isActive: true, hasRefreshToken: true }, { isActive: false }],
  });
});

test("a file is replaced only with --yes, and before anything is done", async () => {
  const home = new FaultHome("auth-file-mode-0644");
  const out = home.home.file("bundle.json");
  writeFileSync(out, "mine");
  const refused = await home.run(`doctor --fix --bundle ${out}`);
  expect(refused.code).toBe(1);
  expect(refused.document).toMatchObject({
    error: { code: "export_refused", hint: expect.stringContaining("--yes") as string },
  });
  expect(readFileSync(out, "utf8")).toBe("mine");
  expect(statSync(home.home.file("auth.json")).mode & 0o777).toBe(0o644);
  expect((await home.run(`doctor --bundle ${out} --yes`)).code).toBe(0);
  expect(JSON.parse(readFileSync(out, "utf8"))).toHaveProperty("schemaVersion", 1);
});

test.each([["none/bundle.json"], ["codex-auth"]])("%s is no place for it", async (name) => {
  const home = new FaultHome("healthy");
  const { code, document } = await home.run(`doctor --yes --bundle ${home.home.file(name)}`);
  expect(code).toBe(1);
  expect(document).toMatchObject({ error: { code: "export_refused" } });
});
