type Env = Readonly<Record<string, string | undefined>>;

/** The variables that make Codex ignore auth.json. OPENAI_API_KEY is none of them: Codex 0.169 does not use it. */
export function overrides(env: Env): { name: string; effect: string }[] {
  return ["CODEX_API_KEY", "CODEX_ACCESS_TOKEN"]
    .filter((name) => env[name])
    .map((name) => ({ name, effect: "Codex uses it instead of auth.json" }));
}
