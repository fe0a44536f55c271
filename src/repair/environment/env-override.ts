import { overrides } from "../../codex/environment.ts";
import type { Check } from "../check.ts";

export const envOverride: Check = {
  id: "env_override",
  area: "environment",
  severity: "warning",
  title: "a variable makes Codex ignore auth.json",
  look: ({ fx: { env } }) =>
    overrides(env).map(({ name, effect }) => ({
      message: `${name} is set: ${effect}.`,
      fix: `unset ${name}`,
    })),
};
