import { join } from "node:path";
import { contents, type DailyName } from "./commands/contents.ts";
import { hooks } from "./commands/hooks.ts";
import { contextHere, runHere } from "./process/real-context.ts";
import { type CommandEntry, withBodies } from "./program/command.ts";

const bodies: Record<DailyName, CommandEntry["load"]> = {
  list: async () => (await import("./commands/list.ts")).default,
  status: async () => (await import("./commands/status.ts")).default,
  switch: async () => (await import("./commands/switch.ts")).default,
  forecast: async () => (await import("./commands/forecast.ts")).default,
  statusline: async () => (await import("./commands/statusline.ts")).default,
  completion: async () => (await import("./commands/completion.ts")).default,
};

/** The table of contents, with the bodies of every day. */
const dailyCommands: readonly CommandEntry[] = withBodies(contents, bodies);

/** Whether the command wrote to the store. */
export const finished = runHere(contextHere(dailyCommands, join(__dirname, "../..")), dailyCommands, hooks);
