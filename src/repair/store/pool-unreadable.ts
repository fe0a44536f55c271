import type { Check } from "../check.ts";

export const poolUnreadable: Check = {
  id: "pool_unreadable",
  area: "store",
  severity: "error",
  title: "pool.json cannot be read",
  look: ({ problem }) =>
    problem?.code === "pool_unreadable" || problem?.code === "pool_too_new"
      ? [{ message: problem.message, fix: "codex auth backup list" }]
      : [],
};
