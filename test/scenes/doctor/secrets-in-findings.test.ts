import { expect, test } from "vitest";
import { FaultHome } from "../../support/fault-home.ts";

// Findings showed the lines of a broken config.toml, and values in it, with every secret that stood there.
test.each([
  ["an argument", '[mcp_servers.a]\nargs = ["--pat", "sk-proj-marked0123456789", oops]\n'],
  ["the word after --password", '[mcp_servers.a]\nargs = ["--password", "marked", oops]\n'],
  ["a header", '[mcp_servers.a]\nhttp_headers = { "X-Org" = "sk-proj-marked0123456789" oops }\n'],
  ["an address", "[mcp_servers.a]\nurl = “https://user:marked@x.example/sse”\n"],
  ["a value of a wrong kind", 'sandbox_mode = "sk-proj-marked0123456789"\n'],
  ["a value twice", 'model = "x"\nmodel = "sk-proj-marked0123456789"\n'],
  [
    "instructions for a key",
    'model_provider = "x"\n[model_providers.x]\nname = "x"\nenv_key = "K"\nenv_key_instructions = "use sk-proj-marked0123456789"\n',
  ],
])("doctor and fix do not show a secret in config.toml: %s", async (_, config) => {
  const home = new FaultHome("healthy");
  home.home.write("config.toml", config);
  const doctor = await home.run("doctor --only config");
  expect(doctor.code).toBe(1);
  const runs = [doctor, await home.run("fix --dry-run"), await home.run("fix"), await home.run("status")];
  expect(runs.map(({ document, stderr }) => JSON.stringify(document) + stderr).join("\n")).not.toMatch(
    /marked/,
  );
});
