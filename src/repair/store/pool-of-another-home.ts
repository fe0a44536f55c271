import type { Check } from "../check.ts";

/** One of the two homes would keep a used-up token; every command but this one is refused. */
export const poolOfAnotherHome: Check = {
  id: "pool_of_another_home",
  area: "store",
  severity: "error",
  title: "the pool belongs to another CODEX_HOME",
  look: ({ problem }) =>
    problem?.code === "pool_of_another_home"
      ? [{ message: problem.message, fix: "codex auth move-here" }]
      : [],
};
