import { CodexAuthError } from "../../errors/codex-auth-error.ts";

/** What each client needs to use the gateway; `<key>` stands for the key, which only its maker has. */
export function clientLines(client: string | undefined, url: string): string[] {
  switch (client ?? "") {
    case "codex":
      return [
        "# In ~/.codex/config.toml, or in a profile; the key is read from the variable, never from the file:",
        'model_provider = "pool"',
        "",
        "[model_providers.pool]",
        'name = "pool"',
        `base_url = "${url}"`,
        'env_key = "CODEX_POOL_KEY"',
        'wire_api = "responses"',
        "",
        "# Then: CODEX_POOL_KEY=<key> codex",
      ];
    case "opencode":
      return [
        "// In opencode.json:",
        JSON.stringify(
          {
            provider: {
              pool: {
                npm: "@ai-sdk/openai-compatible",
                name: "pool",
                options: { baseURL: url, apiKey: "{env:CODEX_POOL_KEY}" },
                models: { "<model>": {} },
              },
            },
          },
          null,
          2,
        ),
      ];
    case "env":
      return [`OPENAI_BASE_URL=${url}`, "OPENAI_API_KEY=<key>"];
    default:
      throw new CodexAuthError("usage", `Unknown client: ${client ?? "none was named"}`, {
        hint: "Usage: codex auth gateway client codex|opencode|env",
      });
  }
}
