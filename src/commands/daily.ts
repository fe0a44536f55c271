import { type CommandEntry, withBodies } from "../program/command.ts";
import { contents, type DailyName } from "./contents.ts";

const bodies: Record<DailyName, CommandEntry["load"]> = {
  list: async () => (await import("./list.ts")).default,
  status: async () => (await import("./status.ts")).default,
  switch: async () => (await import("./switch.ts")).default,
  forecast: async () => (await import("./forecast.ts")).default,
  statusline: async () => (await import("./statusline.ts")).default,
  completion: async () => (await import("./completion.ts")).default,
};

/** The table of contents, with the bodies of every day. */
export const dailyCommands: readonly CommandEntry[] = withBodies(contents, bodies);
