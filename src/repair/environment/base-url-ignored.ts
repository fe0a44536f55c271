import { configString } from "../../codex/config-tree.ts";
import type { Check } from "../check.ts";

export const baseUrlIgnored: Check = {
  id: "openai_base_url_ignored",
  area: "environment",
  severity: "info",
  title: "OPENAI_BASE_URL is set, and Codex does not use it",
  look: ({ fx: { env }, config: { tree } }) => {
    // Where config.toml says the same, nothing is missed.
    if (!env["OPENAI_BASE_URL"] || (tree && configString(tree, ["openai_base_url"]))) return [];
    const message =
      "OPENAI_BASE_URL is set, but Codex 0.169 ignores it: requests go to OpenAI. config.toml decides (openai_base_url).";
    return [{ message, fix: `codex -c openai_base_url="\\"$OPENAI_BASE_URL\\""` }];
  },
};
