import { fileCheck } from "../check.ts";

export const loginUnknown = fileCheck({
  id: "login_unknown",
  area: "credentials",
  severity: "warning",
  title: "the login in auth.json is not in the pool",
  look: ({ login }, { snapshot }) => {
    if (!login || !snapshot || snapshot.active) return [];
    const message = `The login in auth.json (${login.email ?? login.kind}) is not in the pool.`;
    return [{ message, fix: "codex auth import" }];
  },
});
