import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { expect, test } from "vitest";
import { FaultHome } from "../../support/fault-home.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { TestHome } from "../../support/home.ts";
import { spellings } from "../../support/spellings.ts";

/** Words and numbers that stand nowhere else. `of` gives the one for a place, and remembers it. */
class Markers {
  readonly all = new Map<string, string>();

  of(place: string): string {
    const marker = `zq${this.all.size}marked${place.length}kx`;
    this.all.set(place, marker);
    return marker;
  }

  numberOf(place: string): string {
    const marker = `7331${1000 + this.all.size}17`;
    this.all.set(place, marker);
    return marker;
  }
}

/** Where a person's secret may stand, by mistake or not. */
function plantedConfig(m: Markers): string {
  return [
    `# ${m.of("comment")}`,
    `model = "${m.of("model")}"`,
    `model_provider = "${m.of("chosen provider")}"`,
    `sandbox_mode = "${m.of("wrong choice")}"`,
    `chatgpt_base_url = "https://${m.of("user")}:${m.of("password")}@gateway.example/${m.of("url path")}?a=${m.of("query")}#${m.of("fragment")}"`,
    `model_context_window = "${m.of("text for a number")}"`,
    `notify = ["curl", "https://hooks.example/${m.of("hook")}"]`,
    `developer_instructions = "${m.of("instructions")}"`,
    `forced_chatgpt_workspace_id = "${m.of("workspace")}"`,
    `sqlite_home = "/data/${m.of("sqlite path")}"`,
    `${m.of("unknown key")} = "${m.of("unknown value")}"`,
    `pin = ${m.numberOf("number")}`,
    `share = 0.${m.numberOf("float")}`,
    `hooks = [{ ${m.of("key in a list")} = "x" }, "${m.of("text in a list")}"]`,
    `[features]`,
    `${m.of("feature")} = true`,
    `[model_providers."${m.of("provider id")}"]`,
    `name = "${m.of("provider name")}"`,
    `base_url = "${m.of("scheme")}://gateway.example/v1"`,
    `env_key = "${m.of("env_key")}"`,
    `experimental_bearer_token = "${m.of("bearer")}"`,
    `http_headers = { "${m.of("header name")}" = "${m.of("header value")}" }`,
    `query_params = { "${m.of("parameter name")}" = "${m.of("parameter value")}" }`,
    `[mcp_servers."${m.of("server id")}"]`,
    `command = "${m.of("command")}"`,
    `args = ["--password", "${m.of("argument")}"]`,
    `env = { "${m.of("variable of a server")}" = "${m.of("value of a server")}" }`,
    `[projects."/home/ada/${m.of("project")}"]`,
    `trust_level = "${m.of("trust")}"`,
    `[profiles."${m.of("profile")}"]`,
    `model = "gpt-5-${m.of("model suffix")}"`,
  ].join("\n");
}

function plantedEnvironment(m: Markers): Record<string, string> {
  return {
    [`CODEX_${m.of("name of a variable")}`]: m.of("value of a variable"),
    [`${m.of("name before _PROXY")}_PROXY`]: "http://proxy.example",
    CODEX_API_KEY: m.of("api key"),
    CODEX_ACCESS_TOKEN: m.of("access token"),
    CODEX_CA_CERTIFICATE: `/certificates/${m.of("certificate")}.pem`,
    HTTPS_PROXY: `http://${m.of("proxy user")}:${m.of("proxy password")}@proxy.example:3128/${m.of("proxy path")}`,
    NO_PROXY: `.internal,${m.of("no proxy")}.example`,
    LANG: `en_US.${m.of("locale")}`,
    TERM: m.of("terminal"),
    SHELL: `/opt/${m.of("shell")}/bash`,
    CI: m.of("ci"),
    WSL_DISTRO_NAME: m.of("distribution"),
    SSH_CONNECTION: m.of("connection"),
    AZURE_OPENAI_API_KEY: m.of("azure"),
    SUDO_UID: m.of("sudo"),
    NODE_TLS_REJECT_UNAUTHORIZED: m.of("node option"),
  };
}

function plantedLog(m: Markers): string {
  return [
    `2026-11-20T11:59:00.000Z ERROR login: ${m.of("words in a log")}`,
    `{"level":"warn","${m.of("key in a log")}":"${m.of("json in a log")}"}`,
    `GET https://auth.openai.com/${m.of("address in a log")}?code=${m.of("code in a log")} 401 refresh_token_reused`,
    `Authorization: Bearer ${m.of("header in a log")}`,
    `${m.of("name in a log")}@personal.example ${m.numberOf("number in a log")}`,
  ].join("\n");
}

/** A home in a folder whose name is a secret too, and a Codex on PATH, which is the only one: this machine may have another. */
function plant(m: Markers) {
  const root = new TestHome();
  const place = `${m.of("home")}/${m.of("codex home")}`;
  const put = (name: string, content: string | object) => root.write(`${place}/${name}`, content);
  put("config.toml", plantedConfig(m));
  const login = {
    email: `${m.of("e-mail")}@${m.of("domain")}.example`,
    userId: m.of("user id"),
    accountId: m.of("account id"),
    plan: m.of("plan"),
  };
  const document = { ...forgeAuthJson(login), [m.of("key in auth.json")]: m.of("value in auth.json") };
  put("auth.json", document);
  const account = {
    id: m.of("id"),
    label: m.of("label"),
    pausedAt: m.of("time of a pause"),
    addedAt: m.of("time of arrival"),
    auth: { ...document, last_refresh: "2026-11-01T00:00:00Z" },
    spent: [m.of("spent token")],
    flag: { reason: "rejected", since: m.of("time of a flag"), evidence: m.of("evidence of a flag") },
    refresh: null,
    [m.of("key of an account")]: m.of("value of an account"),
  };
  const pool = {
    version: 1,
    revision: 1,
    activeId: null,
    activeSince: null,
    previousId: null,
    projection: null,
  };
  put("codex-auth/pool.json", { ...pool, accounts: [account, m.of("damaged entry")] });
  put("log/codex-login.log", plantedLog(m));
  for (const folder of ["", "log/", "codex-auth/", "codex-auth/parked/exec-20261120T120000000Z-"])
    put(`${folder}${m.of(`file in ${folder}`)}.txt`, "");
  put(`${m.of("folder")}/x`, "");
  put(`.${m.of("temporary")}.0123456789abcdef.codex-auth-tmp`, "");
  put("models_cache.json", { models: [{ slug: m.of("model in the cache") }] });
  const bin = `${m.of("folder on PATH")}/node_modules/@openai/codex`;
  root.write(`${bin}/package.json`, { name: "@openai/codex", version: `0.171.0-${m.of("version")}` });
  chmodSync(root.write(`${bin}/codex`, "#!/bin/sh\n"), 0o755);
  root.write("tools/README", "");
  symlinkSync(process.execPath, root.file("tools/node"));
  return { root, home: root.file(place), bin: root.file(bin), tools: root.file("tools") };
}

test("a support file holds nothing of what a person wrote, called or keeps, wherever it stands", async () => {
  const m = new Markers();
  const { root, home, bin, tools } = plant(m);
  const path = [bin, `/opt/${m.of("entry of PATH")}`, tools].join(delimiter);
  const env = { ...plantedEnvironment(m), HOME: root.file(""), CODEX_HOME: home, PATH: path };
  expect(m.all.size).toBeGreaterThan(75);
  const { stdout, stderr } = await root.run(["doctor", "--bundle", root.file("bundle.json"), "--json"], {
    env,
  });
  expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining("bundle.json") });
  const text = root.read("bundle.json").toLowerCase();
  const leaked = [...m.all].filter(([, marker]) =>
    spellings(marker).some((each) => text.includes(each.toLowerCase())),
  );
  expect(leaked.map(([place]) => place)).toEqual([]);
  expect(text).not.toContain(root.path);
  expect(text).not.toContain("/home/");
  // All of it was looked at.
  expect(JSON.parse(text)).toMatchObject({
    accounts: [{ flag: "rejected" }],
    config: { sandbox_mode: expect.any(String) as string },
    files: expect.arrayContaining([expect.objectContaining({ path: "config.toml" })]) as object[],
    codex: [{ version: expect.any(String) as string }],
  });
  expect((JSON.parse(text) as { loginlog: object[] }).loginlog).toHaveLength(5);
});

/** Every token in the pool and in auth.json. */
function tokensOf(home: FaultHome): string[] {
  const texts = [home.home.read("auth.json"), home.home.read("codex-auth/pool.json")].join();
  return [...texts.matchAll(/"(?:id_token|access_token|refresh_token)": ?"([^"]+)"/g)].map(
    ([, token = ""]) => token,
  );
}

// And yet it is of use: what we know by name is told.
test("a support file tells what Codex and codex-auth know by name, and the kind of the rest", async () => {
  const home = new FaultHome("healthy");
  home.home.write(
    "config.toml",
    [
      'model = "gpt-5.2-codex"',
      'sandbox_mode = "workspace-write"',
      "model_context_window = 200000",
      "[model_providers.lb]",
      'base_url = "https://user:secret@gateway.example:8443/v1?key=secret"',
      'experimental_bearer_token = "0123456789"',
      "requires_openai_auth = true",
    ].join("\n"),
  );
  home.home.write("log/codex-login.log", "2026-11-20T11:59:00Z ERROR 401 refresh_token_reused for ada\n");
  Object.assign((home.scene.env ??= {}), { CODEX_API_KEY: "0123456789", PATH: "/usr/games:/home/ada/bin" });
  const out = home.home.file("bundle.json");
  await home.run(`doctor --bundle ${out}`);
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({
    doctor: {
      summary: { status: "error" },
      findings: expect.arrayContaining([
        expect.objectContaining({
          id: "provider_nameless",
          title: "a provider has no name",
          canMend: true,
        }),
        expect.objectContaining({ id: "env_override" }),
        expect.objectContaining({ id: "codex_missing" }),
      ]) as object[],
    },
    config: {
      model: "gpt-5.2-codex",
      sandbox_mode: "workspace-write",
      model_context_window: 200_000,
      model_providers: {
        "[name 1, 2 characters]": {
          base_url: "[https://gateway.example:8443, 54 characters]",
          experimental_bearer_token: "[text, 10 characters]",
          requires_openai_auth: true,
        },
      },
    },
    environment: {
      variables: {
        CODEX_API_KEY: "[text, 10 characters]",
        LANG: "C.UTF-8",
        PATH: ["/usr/games", expect.any(String)],
      },
    },
    accounts: [{ isActive: true, hasRefreshToken: true, plan: "plus" }, { isActive: false }],
    loginLog: [
      { at: "2026-11-20T11:59:00.000Z", level: "ERROR", codes: ["refresh_token_reused"], statuses: [401] },
    ],
  });
  expect(statSync(out).mode & 0o777).toBe(0o600);
});

test("a support file holds no token, in any spelling", async () => {
  const home = new FaultHome("healthy");
  const tokens = tokensOf(home);
  expect(tokens.length).toBeGreaterThan(8);
  home.home.write("log/codex-login.log", `${tokens.flatMap(spellings).join("\n")}\n`);
  await home.run(`doctor --bundle ${home.home.file("bundle.json")}`);
  const text = home.home.read("bundle.json");
  expect(tokens.flatMap(spellings).filter((secret) => text.includes(secret))).toEqual([]);
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
  expect(JSON.parse(readFileSync(out, "utf8"))).toHaveProperty("schemaVersion", 2);
});

test.each([["none/bundle.json"], ["codex-auth"]])("%s is no place for it", async (name) => {
  const home = new FaultHome("healthy");
  const { code, document } = await home.run(`doctor --yes --bundle ${home.home.file(name)}`);
  expect(code).toBe(1);
  expect(document).toMatchObject({ error: { code: "export_refused" } });
});
