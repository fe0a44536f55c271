import { loginRestriction } from "../../codex/login-restriction.ts";
import type { Check } from "../check.ts";

export const loginRestricted: Check = {
  id: "login_restricted",
  area: "config",
  severity: "error",
  title: "config.toml forbids the login in auth.json",
  look: ({ config: { settings }, live }) => {
    const restriction = live?.login && settings && loginRestriction(settings, live.login);
    if (!restriction) return [];
    const message = `The next codex exec would delete auth.json: ${restriction}.`;
    return [{ message, fix: "codex auth switch <another account>" }];
  },
};
