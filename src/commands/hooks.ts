import type { Hooks } from "../program/program.ts";

/** What a person on a terminal is helped with, loaded only then. */
export const hooks: Hooks = {
  overview: async (ctx, ui) => await (await import("./overview.ts")).overview(ctx, ui),
  pick: async (ctx, title) => await (await import("../reports/pick-account.ts")).pickAccount(ctx, title),
};
