import { join } from "node:path";
import { dailyCommands } from "./commands/daily.ts";
import { hooks } from "./commands/hooks.ts";
import { contextHere, runHere } from "./process/real-context.ts";

/** Whether the command wrote to the store. */
export const finished = runHere(contextHere(dailyCommands, join(__dirname, "../..")), dailyCommands, hooks);
