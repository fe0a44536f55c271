import { fileCheck } from "../check.ts";

export const notLoggedIn = fileCheck({
  id: "not_logged_in",
  area: "credentials",
  severity: "error",
  title: "there is no auth.json",
  look: ({ state, target }) =>
    state === "missing"
      ? [{ message: `${target} does not exist.`, fix: "codex auth switch <account>, or codex login" }]
      : [],
});
