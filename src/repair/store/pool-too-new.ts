import type { Check } from "../check.ts";

export const poolTooNew: Check = {
  id: "pool_too_new",
  area: "store",
  severity: "error",
  title: "pool.json was written by a newer codex-auth",
  look: ({ problem }) =>
    problem?.code === "pool_too_new"
      ? [{ message: problem.message, fix: "npm install -g codex-auth@latest" }]
      : [],
};
