import type { Check } from "../check.ts";
import { providersReading } from "../provider-variables.ts";

/** Measured with Codex 0.169: beside auth.json it is ignored, and without one no Authorization is sent at all. */
export const openaiKeyIgnored: Check = {
  id: "openai_key_ignored",
  area: "environment",
  severity: "info",
  title: "OPENAI_API_KEY is set, and Codex does not use it",
  look: ({ fx: { env }, config, source }) => {
    if (!env["OPENAI_API_KEY"] || providersReading(config.tree, "OPENAI_API_KEY").length > 0) return [];
    const message =
      source === "none"
        ? "OPENAI_API_KEY is set, but it is no login: Codex 0.169 sends no Authorization with it. It must be stored."
        : "OPENAI_API_KEY is set, but Codex 0.169 does not use it: it neither replaces nor disturbs the login.";
    const fix =
      source === "none" ? 'printf %s "$OPENAI_API_KEY" | codex auth login --with-api-key --switch' : null;
    return [{ message, fix }];
  },
};
