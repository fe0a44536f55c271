import { withLog } from "./log-file.ts";
import { listSessionFiles } from "./session-files.ts";

/** No line of Codex is as long, pictures included. */
const limitBytes = 64 * 1024 * 1024;

/** Logs with a line that never seems to end; such a line is passed over wherever figures are read. */
export function logsWithEndlessLine(homes: readonly string[]): string[] {
  return listSessionFiles(homes)
    .filter((file) => file.size > limitBytes && withLog(file, (log) => log.hasLineOver(limitBytes)) === true)
    .map(({ path }) => path);
}
