import type { LoginSettings } from "../codex/config-toml.ts";
import type { LiveFile } from "../store/auth-file.ts";
import type { Context } from "./context.ts";

export type LoginSource = "file" | "keyring" | "memory" | "environment" | "none";

/** The variables that make Codex ignore auth.json. OPENAI_API_KEY is none of them: Codex 0.169 does not use it. */
export function overrides(env: Context["env"]): { name: string; effect: string }[] {
  return ["CODEX_API_KEY", "CODEX_ACCESS_TOKEN"]
    .filter((name) => env[name])
    .map((name) => ({ name, effect: "Codex uses it instead of auth.json" }));
}

/** Where Codex takes its login from at its next start; with a config.toml that it cannot read, it does not start. */
export function loginSource(ctx: Context, settings: LoginSettings | null, live: LiveFile): LoginSource {
  if (overrides(ctx.env).length > 0) return "environment";
  if (settings?.credentialsStore === "keyring") return "keyring";
  if (settings?.credentialsStore === "ephemeral") return "memory";
  return live.login ? "file" : "none";
}
